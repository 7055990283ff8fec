-- What the scripts of liveness and of admission share. Every decision is one run of a script, so that no two nodes give the same place
-- away.
-- KEYS  info (hash: node id -> JSON), seen (sorted set: node id by time), reserved (prefix of a sorted set for each node: people by
--       end), queue (sorted set: person by place), asked (sorted set: person by time), counts (prefix of a hash for
--       each second: tickets given for each node, and people who came with one),
--       let (sorted set: people let in from the queue by time), places (hash: the last place given),
--       moving (sorted set: people who have to leave their node, by end), overbooking (hash: tickets
--       given for each person who comes, by node), waiting (hash: person in the queue -> their network address),
--       waitingCounts (hash: network address -> people in the queue)
-- ARGV  operation, unix time in ms for tests ('' for Redis' own clock, which is the only one used otherwise), further arguments

local infoKey, seenKey, reservedKey, queueKey, askedKey, countsKey, letKey, placesKey, movingKey, overbookingKey,
  waitingKey, waitingCountsKey = unpack(KEYS)
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

local second = math.floor(now / 1000)
-- No place is kept for so long.
local MAX_RESERVATION_MS = 60000

-- Of one second: what was given for a node, and who came.
local function count(kind, nodeId)
  redis.call('HINCRBY', countsKey .. ':' .. second, nodeId .. ':' .. kind, 1)
  redis.call('EXPIRE', countsKey .. ':' .. second, 12)
end

local function countOf(kind, nodeId, at)
  return tonumber(redis.call('HGET', countsKey .. ':' .. at, nodeId .. ':' .. kind) or '0')
end

local function forget(nodeId)
  redis.call('DEL', reservedFor(nodeId))
  redis.call('HDEL', infoKey, nodeId)
  redis.call('ZREM', seenKey, nodeId)
  redis.call('HDEL', overbookingKey, nodeId)
end

-- The clock has been set back: what is of the future would last until then.
local function endFuture()
  for _, key in ipairs({ seenKey, askedKey }) do
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. now, '+inf')) do
      redis.call('ZADD', key, now, id)
    end
  end
end

-- Live nodes, and the people on their way to each. A dead node is forgotten with its reservations.
local function nodes(lifeMs)
  endFuture()
  for _, nodeId in ipairs(redis.call('ZRANGEBYSCORE', seenKey, '-inf', now - lifeMs)) do
    forget(nodeId)
  end
  local all = {}
  for _, nodeId in ipairs(redis.call('ZRANGE', seenKey, 0, -1)) do
    local json = redis.call('HGET', infoKey, nodeId)
    if json then
      redis.call('ZREMRANGEBYSCORE', reservedFor(nodeId), '-inf', now)
      redis.call('ZREMRANGEBYSCORE', reservedFor(nodeId), now + MAX_RESERVATION_MS, '+inf')
      local coming = redis.call('ZCARD', reservedFor(nodeId))
      all[#all + 1] = { id = nodeId, json = json, info = cjson.decode(json), coming = coming }
    end
  end
  return all
end

