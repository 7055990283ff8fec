-- Which nodes live.
-- ARGV  … 'beat', …, node id, JSON of the node, its instance, life of a node in ms, ids of people who have arrived (JSON)
--       … 'list', …, life of a node in ms
--       … 'leave', …, node id, its instance
-- 'beat' and 'list' return {JSON of a node, people on their way to it, ...} of all live nodes. 'beat' begins with 'new' where the node
-- was not known, as after a loss of all that Redis held, with 'known' otherwise, and with 'taken' where another process that lives has
-- the same name: nothing is written then. The time in ms follows.

local function list(lifeMs)
  local flat = {}
  for _, node in ipairs(nodes(lifeMs)) do
    flat[#flat + 1] = node.json
    flat[#flat + 1] = node.coming
  end
  return flat
end

local function known(nodeId)
  local json = redis.call('HGET', infoKey, nodeId)
  return json and cjson.decode(json) or {}
end

-- Tickets given for each person who came, over some seconds: those with a ticket come a second or two after it. Few tell nothing.
local function overbooking(nodeId)
  local given, came = 10, 10
  for ago = 2, 7 do
    given = given + countOf('given', nodeId, second - ago - 1)
    came = came + countOf('came', nodeId, second - ago)
  end
  return math.min(math.max(given / came, 1), 5)
end

if operation == 'beat' then
  local nodeId, json, instance, lifeMs = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
  local live = list(lifeMs)
  local before = known(nodeId)
  if before.instance and before.instance ~= instance then
    table.insert(live, 1, now)
    table.insert(live, 1, 'taken')
    return live
  end
  -- Since when, by the one clock that all nodes share.
  local info = cjson.decode(json)
  info.startedAt = before.startedAt or now
  redis.call('HSET', infoKey, nodeId, cjson.encode(info))
  local isNew = redis.call('ZADD', seenKey, now, nodeId)
  for _, person in ipairs(cjson.decode(ARGV[7])) do
    -- Wherever their place was kept.
    for _, other in ipairs(redis.call('ZRANGE', seenKey, 0, -1)) do
      if redis.call('ZREM', reservedFor(other), person) == 1 then count('came', other) end
    end
  end
  redis.call('HSET', overbookingKey, nodeId, overbooking(nodeId))
  local answer = list(lifeMs)
  table.insert(answer, 1, now)
  table.insert(answer, 1, isNew == 1 and 'new' or 'known')
  return answer
end

if operation == 'list' then return list(tonumber(ARGV[3])) end

-- 'leave'
if known(ARGV[3]).instance == ARGV[4] then forget(ARGV[3]) end
return {}
