-- The nodes of a cluster: who is alive, how full each is, and who may come in next. Every decision is one run of this script, so
-- that no two nodes give the same place away.
--
-- KEYS  info (hash: node id -> JSON), seen (sorted set: node id by time), reserved (prefix of a sorted set for each node: people by end),
--       queue (sorted set: person by place), asked (sorted set: person by time), counts (hash: joins by second and node),
--       let (sorted set: people let in from the queue by time), places (hash: the last place given),
--       moving (sorted set: people who have to leave their node, by end)
-- ARGV  'beat', node id, JSON of the node, life of a node in ms, ids of people who have arrived (JSON)
--       'list', life of a node in ms
--       'leave', node id
--       'move', people who have to leave their node (JSON), time in ms that they have for it
--       'admit', person, life of a node in ms, life of a reservation in ms, life of a place in the queue in ms, two random numbers,
--       URL of a node to avoid where there is another ('' for none)
--
-- 'beat' and 'list' return {JSON of a node, people on their way to it, ...} of all live nodes; 'beat' begins with 1 where the node was
-- not known, as after a loss of all that Redis held, and 0 otherwise. 'admit' returns {'node', id},
-- {'busy'} when every node with room has let in as many as it can take this second, or {'wait', place, let in within a minute}.

local infoKey, seenKey, reservedKey, queueKey, askedKey, countsKey, letKey, placesKey, movingKey =
  unpack(KEYS)
local operation = ARGV[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function reservedFor(nodeId)
  return reservedKey .. ':' .. nodeId
end

local function forget(nodeId)
  redis.call('DEL', reservedFor(nodeId))
  redis.call('HDEL', infoKey, nodeId)
  redis.call('ZREM', seenKey, nodeId)
end

-- Live nodes, and the people on their way to each. What is dead is forgotten with its reservations.
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

local function list(lifeMs)
  local flat = {}
  for _, node in ipairs(nodes(lifeMs)) do
    flat[#flat + 1] = node.json
    flat[#flat + 1] = node.coming
  end
  return flat
end

if operation == 'beat' then
  local nodeId = ARGV[2]
  redis.call('HSET', infoKey, nodeId, ARGV[3])
  local isNew = redis.call('ZADD', seenKey, now, nodeId)
  for _, person in ipairs(cjson.decode(ARGV[5])) do
    redis.call('ZREM', reservedFor(nodeId), person)
  end
  local answer = list(tonumber(ARGV[4]))
  table.insert(answer, 1, isNew)
  return answer
end

if operation == 'list' then return list(tonumber(ARGV[2])) end

if operation == 'leave' then
  forget(ARGV[2])
  return {}
end

if operation == 'move' then
  redis.call('ZREMRANGEBYSCORE', movingKey, '-inf', now)
  for _, mover in ipairs(cjson.decode(ARGV[2])) do
    redis.call('ZADD', movingKey, now + tonumber(ARGV[3]), mover)
  end
  redis.call('PEXPIRE', movingKey, ARGV[3])
  return {}
end

local person, lifeMs, reservationMs, placeMs = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

-- Who does not ask again has gone.
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', askedKey, '-inf', now - placeMs)) do
  redis.call('ZREM', queueKey, gone)
  redis.call('ZREM', askedKey, gone)
end

-- Joins of this second by node, so that a crowd is let in at the pace that each can bear.
local second = time[1]
local function joinsOf(nodeId)
  return tonumber(redis.call('HGET', countsKey, second .. ':' .. nodeId) or '0')
end

local function loadOf(node)
  return (node.info.listeners + node.coming) / node.info.capacity
end

-- Who may get people: not those that go, nor one that this person could not reach, unless there is no other.
local function open(all)
  local staying, reachable = {}, {}
  for _, node in ipairs(all) do
    if not node.info.draining then
      staying[#staying + 1] = node
      if node.info.url ~= ARGV[8] then reachable[#reachable + 1] = node end
    end
  end
  return #reachable > 0 and reachable or staying
end

-- Who was in has a place, also where there is none: capacity is a promise to them.
local isMoving = tonumber(redis.call('ZSCORE', movingKey, person) or '0') > now
local free, ready = 0, {}
for _, node in ipairs(open(nodes(lifeMs))) do
  -- Asking again, someone who is on the way already keeps what they have.
  if redis.call('ZSCORE', reservedFor(node.id), person) then return { 'node', node.id } end
  local places = node.info.capacity - node.info.listeners - node.coming
  if isMoving then
    ready[#ready + 1] = node
  elseif places > 0 then
    free = free + places
    if joinsOf(node.id) < node.info.joinsPerS then ready[#ready + 1] = node end
  end
end

local rank = redis.call('ZRANK', queueKey, person) or redis.call('ZCARD', queueKey)
if isMoving and #ready > 0 or rank < free then
  if #ready == 0 then return { 'busy' } end
  -- The better of two drawn at random spreads nearly as well as the best, and no crowd runs to one node at once.
  local one = ready[1 + math.floor(tonumber(ARGV[6]) * #ready)]
  local other = ready[1 + math.floor(tonumber(ARGV[7]) * #ready)]
  local node = loadOf(one) <= loadOf(other) and one or other
  redis.call('ZADD', reservedFor(node.id), now + reservationMs, person)
  redis.call('PEXPIRE', reservedFor(node.id), reservationMs)
  redis.call('HINCRBY', countsKey, second .. ':' .. node.id, 1)
  if redis.call('TTL', countsKey) < 0 then redis.call('EXPIRE', countsKey, 10) end
  if redis.call('ZREM', queueKey, person) == 1 then
    redis.call('ZREM', askedKey, person)
    redis.call('ZADD', letKey, now, person)
  end
  return { 'node', node.id }
end

if not redis.call('ZSCORE', queueKey, person) then
  redis.call('ZADD', queueKey, redis.call('HINCRBY', placesKey, 'last', 1), person)
end
redis.call('ZADD', askedKey, now, person)
redis.call('ZREMRANGEBYSCORE', letKey, '-inf', now - 60000)
return { 'wait', rank + 1, redis.call('ZCARD', letKey) }
