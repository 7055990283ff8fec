-- The open rooms as everyone may see them, and which of them a node keeps: said anew each second by the home of each, so that what a
-- dead node said is over within seconds. Redis' own clock is the only one used.
-- KEYS  cards (hash: room id -> JSON), shown (sorted set: room id by time), kept (sorted set: room id by time), open (sorted set: room id by
--       creation), since (when Redis was first asked, or first after it lost everything)
-- ARGV  'keep', JSON of [room id, card or ''] pairs: these rooms have a home; an empty card shows nothing
--       'drop', room id: it has ended
--       'list', life of a card in ms: returns the cards
--       'orphans', life in ms: returns ids of open rooms that no node keeps
--       'since': returns since when Redis remembers, and for how many ms

local cardsKey, shownKey, keptKey, openKey, sinceKey = unpack(KEYS)
local operation = ARGV[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

redis.call('SET', sinceKey, now, 'NX')

-- The clock has been set back: what is of the future would last until then.
for _, key in ipairs({ shownKey, keptKey, openKey }) do
  for _, roomId in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. now, '+inf')) do
    redis.call('ZADD', key, now, roomId)
  end
end

local function hide(roomId)
  redis.call('HDEL', cardsKey, roomId)
  redis.call('ZREM', shownKey, roomId)
end

if operation == 'keep' then
  for _, pair in ipairs(cjson.decode(ARGV[2])) do
    local roomId, card = unpack(pair)
    redis.call('ZADD', keptKey, now, roomId)
    -- Should Redis have lost the list of open rooms: whoever keeps one knows it.
    redis.call('ZADD', openKey, 'NX', now, roomId)
    if card == '' then
      hide(roomId)
    else
      redis.call('HSET', cardsKey, roomId, card)
      redis.call('ZADD', shownKey, now, roomId)
    end
  end
  return {}
end

if operation == 'drop' then
  hide(ARGV[2])
  redis.call('ZREM', keptKey, ARGV[2])
  return {}
end

if operation == 'since' then
  local since = redis.call('GET', sinceKey)
  return { since, tostring(now - tonumber(since)) }
end

local since = now - tonumber(ARGV[2])

if operation == 'list' then
  for _, roomId in ipairs(redis.call('ZRANGEBYSCORE', shownKey, '-inf', '(' .. since)) do
    hide(roomId)
  end
  local cards = {}
  for _, roomId in ipairs(redis.call('ZRANGE', shownKey, 0, -1)) do
    local card = redis.call('HGET', cardsKey, roomId)
    if card then cards[#cards + 1] = card end
  end
  return cards
end

redis.call('ZREMRANGEBYSCORE', keptKey, '-inf', '(' .. since)
local orphans = {}
-- One that was made just now is about to be kept.
for _, roomId in ipairs(redis.call('ZRANGEBYSCORE', openKey, '-inf', since)) do
  if not redis.call('ZSCORE', keptKey, roomId) then orphans[#orphans + 1] = roomId end
end
return orphans
