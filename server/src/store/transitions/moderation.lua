-- Who has to go, and may not come back.

-- Every node that reads the record sends them away, however it learns of it.
local function exclude(userId, reason)
  for _, entry in ipairs(redis.call('ZRANGE', excludedKey, 0, -1 - MAX_EXCLUDED)) do
    redis.call('ZREM', excludedKey, entry)
  end
  readmit(userId)
  -- Whoever has come back since it was decided stays.
  redis.call('ZADD', excludedKey, (args.decidedAt or tonumber(setting('seq'))) + 1, reason .. ':' .. userId)
  redis.call('EXPIRE', excludedKey, EXCLUDED_KEPT_S)
end

-- Somebody has given them another role since it was decided.
local function isPromoted()
  local someone = member(args.userId)
  return args.decidedAt ~= nil and someone ~= nil and someone.role ~= args.targetRole
end

transitions['peer:remove'] = function()
  if isPromoted() then return 'INVALID_STATE' end
  local wasHost = roleOf(args.userId) == 'host'
  exclude(args.userId, 'removed')
  leaveStage(args.userId)
  dropHand(args.userId)
  dropInvite(args.userId)
  if not wasHost then return end
  -- Only the operator can remove a host. Somebody takes over, or there is nobody left who could lead the room.
  local heir = findHeir()
  if heir then crown(heir) else transitions['room:end']() end
end

transitions['peer:ban'] = function()
  if isPromoted() then return 'INVALID_STATE' end
  if redis.call('HLEN', bansKey) >= args.maxBans then return 'QUOTA_EXCEEDED' end
  redis.call('HSET', bansKey, args.userId, args.targetName)
  transitions['peer:remove']()
  exclude(args.userId, 'banned')
end

transitions['peer:unban'] = function()
  if redis.call('HDEL', bansKey, args.bannedId) == 0 then return 'NOT_FOUND' end
  readmit(args.bannedId)
end
