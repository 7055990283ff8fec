-- Which rooms are open, and how many each person hosts: the quotas hold whoever races.
-- KEYS  open rooms (sorted set: id by creation time), hosts (hash: user id -> rooms open)
-- ARGV  'reserve', room id, user id, unix time in ms, rooms at most, rooms per person at most
--       'release', room id, user id
local openKey, hostsKey = KEYS[1], KEYS[2]
local operation, roomId, userId = ARGV[1], ARGV[2], ARGV[3]

if operation == 'reserve' then
  local hosted = tonumber(redis.call('HGET', hostsKey, userId) or '0')
  if redis.call('ZCARD', openKey) >= tonumber(ARGV[5]) or hosted >= tonumber(ARGV[6]) then return 0 end
  redis.call('ZADD', openKey, ARGV[4], roomId)
  redis.call('HINCRBY', hostsKey, userId, 1)
  return 1
end

-- Doubled releases count once.
if redis.call('ZREM', openKey, roomId) == 1 and redis.call('HINCRBY', hostsKey, userId, -1) <= 0 then
  redis.call('HDEL', hostsKey, userId)
end
return 1
