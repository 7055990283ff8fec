-- Who may come in next, and on which node.
-- ARGV  … 'move', …, people who have to leave their node (JSON), time in ms that they have for it
--       … 'admit', …, person, life of a node in ms, life of a reservation in ms, life of a place in the queue in ms, two random
--       numbers, URL of a node to avoid where there is another ('' for none)
-- 'admit' returns {'node', id}, {'busy'} when every node with room has let in as many as it can take this second, or
-- {'wait', place, let in within a minute}.

if operation == 'move' then
  redis.call('ZREMRANGEBYSCORE', movingKey, '-inf', now)
  for _, mover in ipairs(cjson.decode(ARGV[3])) do
    redis.call('ZADD', movingKey, now + tonumber(ARGV[4]), mover)
  end
  redis.call('PEXPIRE', movingKey, ARGV[4])
  return {}
end

local person, lifeMs, reservationMs, placeMs = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local avoidUrl = ARGV[9]

-- Whoever does not ask again has gone.
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', askedKey, '-inf', now - placeMs)) do
  redis.call('ZREM', queueKey, gone)
  redis.call('ZREM', askedKey, gone)
end

-- Joins of this second by node, so that a crowd is let in at the pace that each can bear.
local second = math.floor(now / 1000)
local function joinsOf(nodeId)
  return tonumber(redis.call('HGET', countsKey, second .. ':' .. nodeId) or '0')
end

local function loadOf(node)
  return (node.info.listeners + node.coming) / node.info.capacity
end

local function without(all, isExcluded)
  local left = {}
  for _, node in ipairs(all) do
    if not isExcluded(node.info) then left[#left + 1] = node end
  end
  return left
end

-- Nodes that may get people. Where there is another, not one whose media does not get through, nor one that this person could not
-- reach: both may be mistaken.
local function open(all)
  local staying = without(all, function(info)
    return info.draining or info.reason == 'secret'
  end)
  local accepting = without(staying, function(info)
    return not info.accepting
  end)
  if #accepting > 0 then staying = accepting end
  local reachable = without(staying, function(info)
    return info.url == avoidUrl
  end)
  return #reachable > 0 and reachable or staying
end

-- Whoever was in has a place, also where there is none: capacity is a promise to them.
local isMoving = tonumber(redis.call('ZSCORE', movingKey, person) or '0') > now
local free, ready = 0, {}
for _, node in ipairs(open(nodes(lifeMs))) do
  -- Asking again, somebody who is on the way already keeps what they have.
  if redis.call('ZSCORE', reservedFor(node.id), person) then return { 'node', node.id } end
  local places = node.info.capacity - node.info.listeners - node.coming
  if isMoving then
    ready[#ready + 1] = node
  elseif places > 0 then
    free = free + places
    if joinsOf(node.id) < node.info.joinsPerS then ready[#ready + 1] = node end
  end
end

local place = redis.call('ZRANK', queueKey, person)
local rank = place or redis.call('ZCARD', queueKey)
if isMoving and #ready > 0 or rank < free then
  if #ready == 0 then
    -- Their turn has come, and goes on however long the rush does.
    if place then redis.call('ZADD', askedKey, now, person) end
    return { 'busy' }
  end
  -- The better of two drawn at random spreads nearly as well as the best, and no crowd runs to one node at once.
  local one = ready[1 + math.floor(tonumber(ARGV[7]) * #ready)]
  local other = ready[1 + math.floor(tonumber(ARGV[8]) * #ready)]
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

if not place then
  redis.call('ZADD', queueKey, redis.call('HINCRBY', placesKey, 'last', 1), person)
end
redis.call('ZADD', askedKey, now, person)
redis.call('ZREMRANGEBYSCORE', letKey, '-inf', now - 60000)
return { 'wait', rank + 1, redis.call('ZCARD', letKey) }
