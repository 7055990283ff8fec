-- The life of a room: reading it, going live, locking the stage, ending.

transitions['read'] = function()
  unchanged = true
end

-- The store came back older than what people were told: its number goes past theirs, or they would take it for stale.
transitions['room:resume'] = function()
  redis.call('HSET', roomKey, 'seq', args.seq)
end

transitions['room:goLive'] = function()
  if setting('phase') ~= 'backstage' then return 'INVALID_STATE' end
  redis.call('HSET', roomKey, 'phase', 'live', 'startedAt', now)
end

transitions['room:lock'] = function()
  redis.call('HSET', roomKey, 'locked', args.locked and '1' or '0')
end

transitions['room:end'] = function()
  redis.call('HSET', roomKey, 'phase', 'ended', 'endedAt', now)
  redis.call('DEL', handsKey, namesKey, handAddressesKey, invitesKey)
  for _, key in ipairs({ roomKey, stageKey, bansKey, whereKey, excludedKey }) do
    redis.call('EXPIRE', key, ENDED_ROOM_KEPT_S)
  end
end
