-- Who may come in next, and on which node.
-- ARGV  … 'move', …, people who have to leave their node (JSON), time in ms that they have for it
--       … 'admit', …, person, life of a node in ms, life of a reservation in ms, life of a place in the queue in ms, two random
--       numbers, URL of a node to avoid where there is another ('' for none), fingerprint of the secret that tickets are signed with
-- 'admit' returns {'node', id, 'paced' or 'moving'}, {'busy'} when every node with room has given as many tickets as it can take
-- people this second, or {'wait', place, let in within a minute}.

if operation == 'move' then
  redis.call('ZREMRANGEBYSCORE', movingKey, '-inf', now)
  for _, mover in ipairs(cjson.decode(ARGV[3])) do
    redis.call('ZADD', movingKey, now + tonumber(ARGV[4]), mover)
  end
  redis.call('PEXPIRE', movingKey, ARGV[4])
  return {}
end

local person, lifeMs, reservationMs, placeMs = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local avoidUrl, secretFingerprint = ARGV[9], ARGV[10]

-- Whoever does not ask again has gone.
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', askedKey, '-inf', now - placeMs)) do
  redis.call('ZREM', queueKey, gone)
  redis.call('ZREM', askedKey, gone)
end

-- A crowd is let in at the pace that each node can bear. A join is spent by whoever comes and not by whoever takes a ticket, so that
-- nobody can keep others out by taking tickets alone: a node gives more of them where many are not used, and holds to its pace itself
-- should their owners come all the same.
local MIN_RESERVATION_MS = 3000

local function overbookingOf(node)
  return tonumber(redis.call('HGET', overbookingKey, node.id) or '1')
end

local function canTakeOneMore(node)
  return countOf('given', node.id, second) < math.floor(node.info.joinsPerS * overbookingOf(node))
end

-- Where many do not come, a place is kept for less long: tickets alone do not fill a node. Whoever comes later is let in all the same.
local function reserve(node)
  local keptMs = math.max(reservationMs / overbookingOf(node), MIN_RESERVATION_MS)
  -- One place for each person: the one on a node that they could not reach is for others.
  for _, other in ipairs(redis.call('ZRANGE', seenKey, 0, -1)) do
    redis.call('ZREM', reservedFor(other), person)
  end
  redis.call('ZADD', reservedFor(node.id), now + keptMs, person)
  redis.call('PEXPIRE', reservedFor(node.id), reservationMs)
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
    return info.draining or info.secretFingerprint ~= secretFingerprint
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
  if redis.call('ZSCORE', reservedFor(node.id), person) then
    return { 'node', node.id, isMoving and 'moving' or 'paced' }
  end
  local places = node.info.capacity - node.info.listeners - node.coming
  if isMoving then
    ready[#ready + 1] = node
  elseif places > 0 then
    free = free + places
    if canTakeOneMore(node) then ready[#ready + 1] = node end
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
  reserve(node)
  count('given', node.id)
  if redis.call('ZREM', queueKey, person) == 1 then
    redis.call('ZREM', askedKey, person)
    redis.call('ZADD', letKey, now, person)
  end
  return { 'node', node.id, isMoving and 'moving' or 'paced' }
end

if not place then
  redis.call('ZADD', queueKey, redis.call('HINCRBY', placesKey, 'last', 1), person)
end
redis.call('ZADD', askedKey, now, person)
redis.call('ZREMRANGEBYSCORE', letKey, '-inf', now - 60000)
return { 'wait', rank + 1, redis.call('ZCARD', letKey) }
