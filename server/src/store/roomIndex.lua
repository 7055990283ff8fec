-- Which rooms are open, and how many each person hosts: the quotas hold whoever races.
-- KEYS  open rooms (sorted set: id by the time at which it came in, by Redis' clock), creators of those (hash: id -> user id)
-- ARGV  'reserve', room id, user id, rooms at most, rooms per person at most
--       'release', room id

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local openKey, creatorsKey = unpack(KEYS)
local operation, roomId, userId = ARGV[1], ARGV[2], ARGV[3]

if operation == 'reserve' then
  -- A room that is written back after a loss may be known here.
  if redis.call('HEXISTS', creatorsKey, roomId) == 1 then
    redis.call('ZADD', openKey, 'NX', now(), roomId)
    return 1
  end
  local hosted = 0
  for _, creator in ipairs(redis.call('HVALS', creatorsKey)) do
    if creator == userId then hosted = hosted + 1 end
  end
  if redis.call('ZCARD', openKey) >= tonumber(ARGV[4]) or hosted >= tonumber(ARGV[5]) then return 0 end
  redis.call('ZADD', openKey, now(), roomId)
  redis.call('HSET', creatorsKey, roomId, userId)
  return 1
end

redis.call('ZREM', openKey, roomId)
redis.call('HDEL', creatorsKey, roomId)
return 1
