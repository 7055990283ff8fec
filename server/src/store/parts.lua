-- A room is several keys, and Redis may lose one of them: an eviction, a slot that was not moved, an operator's DEL. The hash of the room
-- says with each change how much the others hold.

local function countParts(roomKey, stageKey, handsKey, namesKey, invitesKey, bansKey)
  return table.concat({
    redis.call('HGET', roomKey, 'seq'),
    redis.call('HLEN', stageKey),
    redis.call('ZCARD', handsKey),
    redis.call('HLEN', namesKey),
    redis.call('HLEN', invitesKey),
    redis.call('HLEN', bansKey),
  }, ' ')
end

-- False where a part is missing. Of an ended room nothing but the hash is needed.
local function isWhole(roomKey, ...)
  local seq, phase, parts = unpack(redis.call('HMGET', roomKey, 'seq', 'phase', 'parts'))
  if not seq then return false end
  -- A node of a version that keeps no account has changed the room since.
  local isKept = parts and string.sub(parts, 1, #seq + 1) == seq .. ' '
  return phase == 'ended' or not isKept or parts == countParts(roomKey, ...)
end
