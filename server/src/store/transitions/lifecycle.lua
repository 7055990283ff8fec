-- The life of a room: reading it, going live, locking the stage, what it is made for, ending.

transitions['read'] = function()
  unchanged = true
end

-- The store came back older than what people were told: its number goes past theirs, or they would take it for stale.
transitions['room:resume'] = function()
  redis.call('HSET', roomKey, 'seq', math.max(args.seq, tonumber(setting('seq'))))
end

-- Redis has lost the room or a part of it: the home writes it back as it knows it. Of bans it knows those of the last minutes; the others
-- stay where Redis still has them.
transitions['room:restore'] = function()
  if isWhole(unpack(partKeys)) then
    unchanged = true
    return
  end
  local record = args.record
  redis.call('DEL', stageKey, handsKey, namesKey, handAddressesKey, invitesKey)
  local seq = math.max(record.settings.seq, tonumber(setting('seq') or '0'))
  for name, value in pairs(record.settings) do
    redis.call('HSET', roomKey, name, value)
  end
  redis.call('HSET', roomKey, 'seq', seq, 'handCounter', #record.hands)
  for _, someone in ipairs(record.stage) do
    save(someone)
  end
  for place, hand in ipairs(record.hands) do
    redis.call('ZADD', handsKey, place, hand.userId)
    redis.call('HSET', namesKey, hand.userId, hand.name)
  end
  for _, invite in ipairs(record.invites) do
    redis.call('HSET', invitesKey, invite.userId, invite.by)
  end
  for _, exclusion in ipairs(record.excluded) do
    redis.call('ZADD', excludedKey, exclusion.seq, exclusion.reason .. ':' .. exclusion.userId)
    if exclusion.reason == 'banned' then redis.call('HSETNX', bansKey, exclusion.userId, '?') end
  end
  redis.call('EXPIRE', excludedKey, EXCLUDED_KEPT_S)
end

-- Redis has lost a part of a room that no node remembers: its host has their place again, and can lead or end it.
transitions['room:mend'] = function()
  local hostId = setting('hostId')
  if not member(hostId) then
    save({ userId = hostId, name = setting('hostName'), role = 'host', muted = true, away = true, since = now })
  end
  for _, userId in ipairs(redis.call('ZRANGE', handsKey, 0, -1)) do
    if redis.call('HEXISTS', namesKey, userId) == 0 then dropHand(userId) end
  end
  for _, userId in ipairs(redis.call('HKEYS', namesKey)) do
    if not redis.call('ZSCORE', handsKey, userId) then dropHand(userId) end
  end
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

-- The server itself stops it where there is no room for more.
transitions['recording:stop'] = function()
  if actorId ~= '' and setting('recordingPolicy') == 'always' then return 'NOT_ALLOWED' end
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

transitions['room:setSound'] = function()
  redis.call('HSET', roomKey, 'sound', args.sound)
end

transitions['room:end'] = function()
  endRecording()
  redis.call('HSET', roomKey, 'phase', 'ended', 'endedAt', now)
  redis.call('DEL', handsKey, namesKey, handAddressesKey, invitesKey)
  for _, key in ipairs({ roomKey, stageKey, bansKey, whereKey, excludedKey }) do
    redis.call('EXPIRE', key, ENDED_ROOM_KEPT_S)
  end
end
