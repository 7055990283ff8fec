-- Which rooms are open, and how many each person hosts: the quotas hold whoever races.
-- KEYS  open rooms (sorted set: id by the time at which it came in, by Redis' clock), creators of those (hash: id -> user id), their
--       network addresses (hash: id -> key of the address)
-- ARGV  'reserve', room id, user id, rooms at most, rooms per person at most
--         network address ('' for none), what one address gets of all rooms (0 to 1)
--       'release', room id

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local openKey, creatorsKey, addressesKey = unpack(KEYS)
local operation, roomId, userId = ARGV[1], ARGV[2], ARGV[3]

local function countOf(key, wanted)
  local count = 0
  for _, value in ipairs(redis.call('HVALS', key)) do
    if value == wanted then count = count + 1 end
  end
  return count
end

-- The rule of AddressShare.ts.
local function mayOpenOneMore(address, share, atLeast, capacity, free)
  local held = countOf(addressesKey, address)
  if held < atLeast or share >= 1 then return true end
  return free > capacity * 0.2 and held * (1 - share) < free * share
end

if operation == 'reserve' then
  -- A room that is written back after a loss may be known here.
  if redis.call('HEXISTS', creatorsKey, roomId) == 1 then
    redis.call('ZADD', openKey, 'NX', now(), roomId)
    return 1
  end
  local capacity, perUser, address = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
  local free = capacity - redis.call('ZCARD', openKey)
  if free <= 0 or countOf(creatorsKey, userId) >= perUser then return 0 end
  if address ~= '' then
    if not mayOpenOneMore(address, tonumber(ARGV[7]), perUser, capacity, free) then return 0 end
    redis.call('HSET', addressesKey, roomId, address)
  end
  redis.call('ZADD', openKey, now(), roomId)
  redis.call('HSET', creatorsKey, roomId, userId)
  return 1
end

redis.call('ZREM', openKey, roomId)
redis.call('HDEL', creatorsKey, roomId)
redis.call('HDEL', addressesKey, roomId)
return 1
