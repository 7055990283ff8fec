-- Raised hands.

-- The rule of AddressShare.ts: the hands of one network address are not all that there may be.
local function mayRaiseOneMore(free)
  local held = 0
  for _, address in ipairs(redis.call('HVALS', handAddressesKey)) do
    if address == args.address then held = held + 1 end
  end
  local share = args.addressShare
  if held < args.minHandsPerAddress or share >= 1 then return true end
  return free > args.maxHands * 0.2 and held * (1 - share) < free * share
end

transitions['hand:raise'] = function()
  if setting('locked') == '1' then return 'STAGE_LOCKED' end
  if redis.call('ZSCORE', handsKey, actorId) then
    unchanged = true
    return
  end
  local free = args.maxHands - redis.call('ZCARD', handsKey)
  if free <= 0 or not mayRaiseOneMore(free) then return 'HANDS_FULL' end
  -- A counter, not the clock, orders the queue: two hands of one millisecond keep their order.
  redis.call('ZADD', handsKey, redis.call('HINCRBY', roomKey, 'handCounter', 1), actorId)
  redis.call('HSET', namesKey, actorId, args.name)
  redis.call('HSET', handAddressesKey, actorId, args.address)
end

transitions['hand:lower'] = function()
  unchanged = not dropHand(actorId)
end

transitions['hand:approve'] = function()
  local name = redis.call('HGET', namesKey, args.userId)
  if not name then return 'INVALID_STATE' end
  local refusal = takeStage(args.userId, name)
  if refusal then return refusal end
  tell(args.userId, 'approved')
end

transitions['hand:decline'] = function()
  if not dropHand(args.userId) then return 'INVALID_STATE' end
  tell(args.userId, 'declined')
end

-- Nobody is told by name: the state that everyone gets says that no hand is up.
transitions['hand:lowerAll'] = function()
  unchanged = redis.call('DEL', handsKey, namesKey, handAddressesKey) == 0
end
