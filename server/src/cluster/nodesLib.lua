-- What the scripts of liveness and of admission share. Every decision is one run of a script, so that no two nodes give the same place
-- away.
-- KEYS  info (hash: node id -> JSON), seen (sorted set: node id by time), reserved (prefix of a sorted set for each node: people by
--       end), queue (sorted set: person by place), asked (sorted set: person by time), counts (hash: joins by second and node),
--       let (sorted set: people let in from the queue by time), places (hash: the last place given),
--       moving (sorted set: people who have to leave their node, by end)
-- ARGV  operation, unix time in ms for tests ('' for Redis' own clock, which is the only one used otherwise), further arguments

local infoKey, seenKey, reservedKey, queueKey, askedKey, countsKey, letKey, placesKey, movingKey = unpack(KEYS)
local operation = ARGV[1]

local function readClock()
  if ARGV[2] ~= '' then return tonumber(ARGV[2]) end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local now = readClock()

local function reservedFor(nodeId)
  return reservedKey .. ':' .. nodeId
end

local function forget(nodeId)
  redis.call('DEL', reservedFor(nodeId))
  redis.call('HDEL', infoKey, nodeId)
  redis.call('ZREM', seenKey, nodeId)
end

-- Live nodes, and the people on their way to each. A dead node is forgotten with its reservations.
local function nodes(lifeMs)
  for _, nodeId in ipairs(redis.call('ZRANGEBYSCORE', seenKey, '-inf', now - lifeMs)) do
    forget(nodeId)
  end
  local all = {}
  for _, nodeId in ipairs(redis.call('ZRANGE', seenKey, 0, -1)) do
    local json = redis.call('HGET', infoKey, nodeId)
    if json then
      redis.call('ZREMRANGEBYSCORE', reservedFor(nodeId), '-inf', now)
      local coming = redis.call('ZCARD', reservedFor(nodeId))
      all[#all + 1] = { id = nodeId, json = json, info = cjson.decode(json), coming = coming }
    end
  end
  return all
end

