-- The lease of a room's home: one node holds it, by compare and set, for as long as it renews it.
-- KEYS  lease (hash: node, epoch), epoch of the last lease
-- ARGV  'claim' takes or renews it, 'look' only tells, 'release' gives it back; node id, life in ms, the newest epoch that the
--       caller knows, so that epochs go up even after Redis has lost everything
-- Returns {node id, epoch} of who holds it now, or nothing.

local leaseKey, epochKey = unpack(KEYS)
local operation, nodeId, lifeMs, knownEpoch = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local EPOCH_KEPT_S = 86400

local holder = redis.call('HGET', leaseKey, 'node')

if operation == 'release' then
  if holder == nodeId then redis.call('DEL', leaseKey) end
  return {}
end

if operation == 'claim' then
  if not holder then
    local epoch = math.max(tonumber(redis.call('GET', epochKey) or '0'), knownEpoch) + 1
    redis.call('SET', epochKey, epoch, 'EX', EPOCH_KEPT_S)
    redis.call('HSET', leaseKey, 'node', nodeId, 'epoch', epoch)
    holder = nodeId
  end
  if holder == nodeId then redis.call('PEXPIRE', leaseKey, lifeMs) end
end

return holder and { holder, redis.call('HGET', leaseKey, 'epoch') } or {}
