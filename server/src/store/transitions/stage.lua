-- Who is on stage, and in which role.

transitions['stage:invite'] = function()
  if redis.call('HLEN', stageKey) >= tonumber(setting('speakerLimit')) then return 'STAGE_FULL' end
  if redis.call('HLEN', invitesKey) >= args.maxInvites then return 'QUOTA_EXCEEDED' end
  redis.call('HSET', invitesKey, args.userId, args.actorName)
  tell(args.userId, 'invited')
end

transitions['stage:accept'] = function()
  if redis.call('HEXISTS', invitesKey, actorId) == 0 then return 'INVALID_STATE' end
  return takeStage(actorId, args.name)
end

transitions['stage:decline'] = function()
  if not dropInvite(actorId) then return 'INVALID_STATE' end
end

transitions['stage:leave'] = function()
  leaveStage(actorId)
end

transitions['stage:demote'] = function()
  leaveStage(args.userId)
  tell(args.userId, 'demoted')
end

transitions['stage:setMuted'] = function()
  local someone = member(actorId)
  if someone.muted == args.muted or isOvertaken(someone) then
    unchanged = true
    return
  end
  someone.muted = args.muted
  change(someone)
end

transitions['stage:mute'] = function()
  local someone = member(args.userId)
  if someone.muted or isOvertaken(someone) then
    unchanged = true
    return
  end
  mute(someone)
end

transitions['stage:muteOthers'] = function()
  local targets = allowed[roleOf(actorId)]
  unchanged = true
  for _, someone in ipairs(members()) do
    local isMeant = someone.userId ~= actorId and includes(targets, someone.role)
    if isMeant and not someone.muted and not isOvertaken(someone) then
      mute(someone)
      unchanged = false
    end
  end
end

transitions['cohost:add'] = function()
  if countCohosts() >= args.maxCohosts then return 'COHOSTS_FULL' end
  local someone = member(args.userId)
  someone.role = 'cohost'
  change(someone)
  tell(args.userId, 'madeCohost')
end

transitions['cohost:remove'] = function()
  local someone = member(args.userId)
  someone.role = 'speaker'
  change(someone)
  tell(args.userId, 'cohostRemoved')
end

transitions['host:handOver'] = function()
  local heir = member(args.userId)
  if heir.away then return 'INVALID_STATE' end
  -- The old host becomes a co-host, where there is room for one more: otherwise a speaker.
  local cohosts = countCohosts() - (heir.role == 'cohost' and 1 or 0)
  crown(heir)
  if cohosts >= args.maxCohosts then
    local old = member(actorId)
    old.role = 'speaker'
    change(old)
  end
end
