-- Who may come in next, and on which node.
-- ARGV  … 'move', …, people who have to leave their node (JSON), time in ms that they have for it
--       … 'keep', …, person who asked and was told to come back
--       … 'admit', …, person, life of a node in ms, life of a reservation in ms, life of a place in the queue in ms, two random
--       numbers, URL of a node to avoid where there is another ('' for none), fingerprint of the secret that tickets are signed with,
--       network address, what one address gets while others may come (0 to 1), people who may come from it in a minute
-- 'admit' returns {'node', id, 'paced' or 'moving'}, {'busy'} when every node with room has given as many tickets as it can take
-- people this second, {'busy', tickets of a second, ms left of it} when this address has had all that are for it, or {'wait', place, let in within a minute}.

if operation == 'move' then
  redis.call('ZREMRANGEBYSCORE', movingKey, '-inf', now)
  for _, mover in ipairs(cjson.decode(ARGV[3])) do
    redis.call('ZADD', movingKey, now + tonumber(ARGV[4]), mover)
  end
  redis.call('PEXPIRE', movingKey, ARGV[4])
  return {}
end

if operation == 'keep' then
  redis.call('ZADD', askedKey, 'XX', now, ARGV[3])
  return {}
end

local person, lifeMs, reservationMs, placeMs = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local avoidUrl, secretFingerprint, address, share = ARGV[9], ARGV[10], ARGV[11], tonumber(ARGV[12])
local perAddressSecond = math.ceil(tonumber(ARGV[13]) / 60)

-- @returns whether they were in it
local function leaveQueue(someone)
  redis.call('ZREM', askedKey, someone)
  local from = redis.call('HGET', waitingKey, someone)
  redis.call('HDEL', waitingKey, someone)
  if from and redis.call('HINCRBY', waitingCountsKey, from, -1) <= 0 then
    redis.call('HDEL', waitingCountsKey, from)
  end
  return redis.call('ZREM', queueKey, someone) == 1
end

-- Whoever does not ask again has gone.
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', askedKey, '-inf', now - placeMs)) do
  leaveQueue(gone)
end

-- A crowd is let in at the pace that each node can bear. A join is spent by whoever comes and not by whoever takes a ticket, so that
-- nobody can keep others out by taking tickets alone: a node gives more of them where many are not used, and holds to its pace itself
-- should their owners come all the same.
local MIN_RESERVATION_MS = 3000

local function overbookingOf(node)
  return tonumber(redis.call('HGET', overbookingKey, node.id) or '1')
end

local function ticketsOf(node)
  return math.floor(node.info.joinsPerS * overbookingOf(node))
end

-- The rule of AddressShare.ts, for the tickets of this second.
local MIN_TICKETS_PER_ADDRESS = 3

local function mayHaveOneMore(tickets, left)
  local held = countOf('from', address, second)
  if held >= math.max(perAddressSecond, MIN_TICKETS_PER_ADDRESS) then return false end
  if held < MIN_TICKETS_PER_ADDRESS or share >= 1 then return true end
  return left > tickets * 0.2 and held * (1 - share) < left * share
end

-- In the queue, so many people of one address come after one another, and then those of other addresses take their turn.
local PEOPLE_PER_TURN = 10
local TURN = 1e9

local function placeInQueue()
  local head = redis.call('ZRANGE', queueKey, 0, 0, 'WITHSCORES')
  local turn = head[2] and math.floor(tonumber(head[2]) / TURN) or 0
  local ahead = redis.call('HINCRBY', waitingCountsKey, address, 1) - 1
  if share < 1 then turn = turn + math.floor(ahead / PEOPLE_PER_TURN) end
  return turn * TURN + redis.call('HINCRBY', placesKey, 'last', 1)
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
local free, tickets, left, ready = 0, 0, 0, {}
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
    local perSecond = ticketsOf(node)
    local stillLeft = perSecond - countOf('given', node.id, second)
    if stillLeft > 0 then ready[#ready + 1] = node end
    tickets = tickets + perSecond
    left = left + math.max(stillLeft, 0)
  end
end

local place = redis.call('ZRANK', queueKey, person)
local rank = place or redis.call('ZCARD', queueKey)
if isMoving and #ready > 0 or rank < free then
  local isAddressesTurn = isMoving or mayHaveOneMore(tickets, left)
  if #ready == 0 or not isAddressesTurn then
    -- Their turn has come, and goes on however long the rush does.
    if place then redis.call('ZADD', askedKey, now, person) end
    if isAddressesTurn then return { 'busy' } end
    return { 'busy', math.floor(math.min(perAddressSecond, tickets * share)), 1000 - now % 1000 }
  end
  -- The better of two drawn at random spreads nearly as well as the best, and no crowd runs to one node at once.
  local one = ready[1 + math.floor(tonumber(ARGV[7]) * #ready)]
  local other = ready[1 + math.floor(tonumber(ARGV[8]) * #ready)]
  local node = loadOf(one) <= loadOf(other) and one or other
  reserve(node)
  count('given', node.id)
  count('from', address)
  if leaveQueue(person) then redis.call('ZADD', letKey, now, person) end
  return { 'node', node.id, isMoving and 'moving' or 'paced' }
end

if not place then
  redis.call('ZADD', queueKey, placeInQueue(), person)
  redis.call('HSET', waitingKey, person, address)
  rank = redis.call('ZRANK', queueKey, person)
end
redis.call('ZADD', askedKey, now, person)
redis.call('ZREMRANGEBYSCORE', letKey, '-inf', now - 60000)
return { 'wait', rank + 1, redis.call('ZCARD', letKey) }
