-- Raised hands.

transitions['hand:raise'] = function()
  if setting('locked') == '1' then return 'STAGE_LOCKED' end
  if redis.call('ZSCORE', handsKey, actorId) then
    unchanged = true
    return
  end
  if redis.call('ZCARD', handsKey) >= args.maxHands then return 'HANDS_FULL' end
  -- A counter, not the clock, orders the queue: two hands of one millisecond keep their order.
  redis.call('ZADD', handsKey, redis.call('HINCRBY', roomKey, 'handCounter', 1), actorId)
  redis.call('HSET', namesKey, actorId, args.name)
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
transitions['hand:lower-all'] = function()
  unchanged = redis.call('DEL', handsKey, namesKey) == 0
end
