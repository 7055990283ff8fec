-- Who is connected, as the server sees it, and what becomes of the places of those who are not.

-- A connection is about to be made with a ticket: good once, and never for a banned person or an ended room.
transitions['peer:enter'] = function()
  if redis.call('HEXISTS', bansKey, args.userId) == 1 then return 'BANNED' end
  if not redis.call('SET', ticketKey, '1', 'NX', 'EX', args.ticketExpiresS) then return 'TICKET_USED' end
  local someone = member(args.userId)
  unchanged = someone == nil or (not someone.away and someone.name == args.name)
  if someone and not unchanged then
    someone.away = false
    someone.name = args.name
    save(someone)
    if someone.role == 'host' then redis.call('HSET', roomKey, 'hostName', args.name) end
  end
end

-- The server has seen connections go or come.
transitions['peer:presence'] = function()
  unchanged = true
  for _, presence in ipairs(args.people) do
    local someone = member(presence.userId)
    if someone and someone.away ~= presence.away then
      someone.away = presence.away
      save(someone)
      unchanged = false
    end
  end
end

-- People whose grace is over lose hand, invitation and place; the host keeps theirs until there is an heir.
transitions['peer:expire'] = function()
  unchanged = true
  for _, userId in ipairs(args.userIds) do
    local hand, invite = dropHand(userId), dropInvite(userId)
    local someone = member(userId)
    if hand or invite then unchanged = false end
    if someone and someone.away and someone.role ~= 'host' then
      leaveStage(userId)
      unchanged = false
    end
  end
end

-- The host's grace is over: the place goes to an heir who is there, and stays the host's while there is none.
transitions['host:succeed'] = function()
  local absent = nil
  for _, someone in ipairs(members()) do
    if someone.role == 'host' then absent = someone end
  end
  local heir = findHeir()
  if not heir or (absent and not absent.away) then
    unchanged = true
    return
  end
  crown(heir)
  if absent then leaveStage(absent.userId) end
end
