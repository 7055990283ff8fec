-- The lease of a room's home: one node holds it, by compare and set, for as long as it renews it.
-- KEYS  lease (hash: node, epoch), epoch of the last lease, room (hash with seq) and its parts, as parts.lua counts them
-- ARGV  'claim' takes or renews it, 'look' only tells, 'give' hands it to another node; node id, life in ms, the newest epoch that
--       the caller knows, so that epochs go up even after Redis has lost everything; the node that is given it, '' for whoever asks next
-- Returns {number of the room's record (0 where there is none, or a part of it is lost), node id and epoch of the holder, where there is one}: whoever looks
-- after the lease learns of each change of the record, too.

local leaseKey, epochKey, roomKey = unpack(KEYS)
local partKeys = { unpack(KEYS, 4) }
local operation, nodeId, lifeMs, knownEpoch, heir = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local EPOCH_KEPT_S = 86400

local holder = redis.call('HGET', leaseKey, 'node')

local function take(node)
  local epoch = math.max(tonumber(redis.call('GET', epochKey) or '0'), knownEpoch) + 1
  redis.call('SET', epochKey, epoch)
  redis.call('HSET', leaseKey, 'node', node, 'epoch', epoch)
  holder = node
end

if operation == 'give' and holder == nodeId then
  if heir == '' then
    redis.call('DEL', leaseKey)
    holder = false
  else
    take(heir)
    redis.call('PEXPIRE', leaseKey, lifeMs)
  end
end

if operation == 'claim' then
  if not holder then take(nodeId) end
  if holder == nodeId then
    redis.call('PEXPIRE', leaseKey, lifeMs)
    -- As long as the room is kept, and a day more: epochs of a room never go down.
    redis.call('EXPIRE', epochKey, EPOCH_KEPT_S)
  end
end

local seq = isWhole(roomKey, unpack(partKeys)) and tonumber(redis.call('HGET', roomKey, 'seq')) or 0
if not holder then return { seq } end
return { seq, holder, redis.call('HGET', leaseKey, 'epoch') }
