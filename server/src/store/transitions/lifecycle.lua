-- The life of a room: reading it, going live, locking the stage, ending.

transitions['read'] = function()
  unchanged = true
end

-- The store came back older than what people were told: its number goes past theirs, or they would take it for stale.
transitions['room:resume'] = function()
  redis.call('HSET', roomKey, 'seq', args.seq)
end

local function beginRecording()
  redis.call('HSETNX', roomKey, 'recordedFrom', now)
  redis.call('HSET', roomKey, 'recordingSince', now)
end

local function endRecording()
  local since = setting('recordingSince')
  if not since then return end
  redis.call('HDEL', roomKey, 'recordingSince')
  redis.call('HSET', roomKey, 'recordedUntil', now)
  redis.call('HINCRBY', roomKey, 'recordedMs', now - tonumber(since))
end

-- Before the doors open it is only meant: what is said backstage is in no recording.
transitions['recording:start'] = function()
  if setting('recordingPolicy') == 'off' then return 'NOT_ALLOWED' end
  if setting('recording') == '1' then
    unchanged = true
    return
  end
  redis.call('HSET', roomKey, 'recording', '1')
  if setting('phase') == 'live' then beginRecording() end
end

transitions['recording:stop'] = function()
  if setting('recordingPolicy') == 'always' then return 'NOT_ALLOWED' end
  unchanged = setting('recording') ~= '1'
  redis.call('HSET', roomKey, 'recording', '0')
  endRecording()
end

transitions['room:goLive'] = function()
  if setting('phase') ~= 'backstage' then return 'INVALID_STATE' end
  redis.call('HSET', roomKey, 'phase', 'live', 'startedAt', now)
  if setting('recording') == '1' then beginRecording() end
end

transitions['room:lock'] = function()
  redis.call('HSET', roomKey, 'locked', args.locked and '1' or '0')
end

transitions['room:end'] = function()
  endRecording()
  redis.call('HSET', roomKey, 'phase', 'ended', 'endedAt', now)
  redis.call('DEL', handsKey, namesKey, invitesKey)
  for _, key in ipairs({ roomKey, stageKey, bansKey, whereKey, excludedKey }) do
    redis.call('EXPIRE', key, ENDED_ROOM_KEPT_S)
  end
end
