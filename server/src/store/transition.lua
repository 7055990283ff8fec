-- One transition of a room, whole or not at all: reads who acts from the store, checks that they may, applies the change and
-- returns the room as it is then. Everything that could race (a role, a hand, an invitation, a ban, a phase, a limit) goes
-- through here.
--
-- KEYS  room stage hands names invites bans ticket home excluded
-- ARGV  action, actor's user id ('' is the server itself), unix time in ms, arguments (JSON), row of the permission table (JSON)
--
-- Returns {'error', code} or {'ok', room hash, stage members (JSON), hands, names of hands, invites, effects}; an effect is a
-- user id followed by the cause that this person is told.

local roomKey, stageKey, handsKey, namesKey, invitesKey, bansKey, ticketKey, homeKey, excludedKey = unpack(KEYS)
local action, actorId, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
local args, allowed = cjson.decode(ARGV[4]), cjson.decode(ARGV[5])
local ENDED_ROOM_KEPT_S = 86400
local EXCLUDED_KEPT_S = 600
local MAX_EXCLUDED = 200

local effects = {}
local unchanged = false

local function tell(userId, cause)
  effects[#effects + 1] = userId
  effects[#effects + 1] = cause
end

local function setting(name)
  return redis.call('HGET', roomKey, name)
end

local function member(userId)
  local json = redis.call('HGET', stageKey, userId)
  return json and cjson.decode(json) or nil
end

local function members()
  local all = {}
  for _, json in ipairs(redis.call('HVALS', stageKey)) do
    all[#all + 1] = cjson.decode(json)
  end
  table.sort(all, function(a, b)
    if a.since ~= b.since then return a.since < b.since end
    return a.userId < b.userId
  end)
  return all
end

local function save(someone)
  redis.call('HSET', stageKey, someone.userId, cjson.encode(someone))
end

local function roleOf(userId)
  local found = member(userId)
  return found and found.role or 'listener'
end

local function includes(list, value)
  for _, item in ipairs(list or {}) do
    if item == value then return true end
  end
  return false
end

local function dropHand(userId)
  redis.call('HDEL', namesKey, userId)
  return redis.call('ZREM', handsKey, userId) == 1
end

local function dropInvite(userId)
  return redis.call('HDEL', invitesKey, userId) == 1
end

local function takeStage(userId, name)
  if redis.call('HLEN', stageKey) >= tonumber(setting('speakerLimit')) then return 'STAGE_FULL' end
  dropHand(userId)
  dropInvite(userId)
  save({ userId = userId, name = name, role = 'speaker', muted = true, away = false, since = now })
end

local function leaveStage(userId)
  redis.call('HDEL', stageKey, userId)
end

local function readmit(userId)
  redis.call('ZREM', excludedKey, 'removed:' .. userId, 'banned:' .. userId)
end

local function mute(someone)
  someone.muted = true
  save(someone)
  tell(someone.userId, 'muted')
end

local function crown(heir)
  for _, someone in ipairs(members()) do
    if someone.role == 'host' then
      someone.role = 'cohost'
      save(someone)
      tell(someone.userId, 'other')
    end
  end
  heir.role = 'host'
  save(heir)
  redis.call('HSET', roomKey, 'hostId', heir.userId, 'hostName', heir.name)
  tell(heir.userId, 'madeHost')
end

local function countCohosts()
  local count = 0
  for _, someone in ipairs(members()) do
    if someone.role == 'cohost' then count = count + 1 end
  end
  return count
end

local transitions = {}

transitions['read'] = function()
  unchanged = true
end

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

-- The store came back older than what people were told: its number goes past theirs, or they would take it for stale.
transitions['room:resume'] = function()
  redis.call('HSET', roomKey, 'seq', args.seq)
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

-- People whose grace is over lose hand, invitation and place; the host's place goes to an heir who is there, and stays
-- theirs while there is none.
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

transitions['host:succeed'] = function()
  local heir, speaker, absent = nil, nil, nil
  for _, someone in ipairs(members()) do
    if someone.role == 'host' then
      if not someone.away then
        unchanged = true
        return
      end
      absent = someone
    elseif not someone.away then
      if someone.role == 'cohost' then heir = heir or someone else speaker = speaker or someone end
    end
  end
  heir = heir or speaker
  if not heir then
    unchanged = true
    return
  end
  crown(heir)
  if absent then leaveStage(absent.userId) end
end

transitions['room:goLive'] = function()
  if setting('phase') ~= 'backstage' then return 'INVALID_STATE' end
  redis.call('HSET', roomKey, 'phase', 'live', 'startedAt', now)
end

transitions['room:lock'] = function()
  redis.call('HSET', roomKey, 'locked', args.locked and '1' or '0')
end

transitions['room:end'] = function()
  redis.call('HSET', roomKey, 'phase', 'ended', 'endedAt', now)
  redis.call('DEL', handsKey, namesKey, invitesKey)
  for _, key in ipairs({ roomKey, stageKey, bansKey }) do
    redis.call('EXPIRE', key, ENDED_ROOM_KEPT_S)
  end
end

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
  if someone.muted == args.muted then
    unchanged = true
    return
  end
  someone.muted = args.muted
  save(someone)
end

transitions['stage:mute'] = function()
  local someone = member(args.userId)
  if someone.muted then
    unchanged = true
    return
  end
  mute(someone)
end

transitions['stage:muteOthers'] = function()
  local targets = allowed[roleOf(actorId)]
  unchanged = true
  for _, someone in ipairs(members()) do
    if someone.userId ~= actorId and not someone.muted and includes(targets, someone.role) then
      mute(someone)
      unchanged = false
    end
  end
end

-- Every node that reads the record sends them away, however it learns of it.
local function exclude(userId, reason)
  for _, entry in ipairs(redis.call('ZRANGE', excludedKey, 0, -1 - MAX_EXCLUDED)) do
    redis.call('ZREM', excludedKey, entry)
  end
  readmit(userId)
  redis.call('ZADD', excludedKey, tonumber(setting('seq')) + 1, reason .. ':' .. userId)
  redis.call('EXPIRE', excludedKey, EXCLUDED_KEPT_S)
end

transitions['peer:remove'] = function()
  exclude(args.userId, 'removed')
  leaveStage(args.userId)
  dropHand(args.userId)
  dropInvite(args.userId)
end

transitions['peer:ban'] = function()
  if redis.call('HLEN', bansKey) >= args.maxBans then return 'QUOTA_EXCEEDED' end
  redis.call('HSET', bansKey, args.userId, args.targetName)
  transitions['peer:remove']()
  exclude(args.userId, 'banned')
end

transitions['peer:unban'] = function()
  if redis.call('HDEL', bansKey, args.bannedId) == 0 then return 'NOT_FOUND' end
  readmit(args.bannedId)
end

transitions['cohost:add'] = function()
  if countCohosts() >= args.maxCohosts then return 'COHOSTS_FULL' end
  local someone = member(args.userId)
  someone.role = 'cohost'
  save(someone)
  tell(args.userId, 'madeCohost')
end

transitions['cohost:remove'] = function()
  local someone = member(args.userId)
  someone.role = 'speaker'
  save(someone)
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
    save(old)
  end
end

-- An ended room can be read, and nothing more.
local function refusal()
  if redis.call('EXISTS', roomKey) == 0 then return 'ROOM_NOT_FOUND' end
  if action == 'read' then return nil end
  if setting('phase') == 'ended' then return 'ROOM_ENDED' end
  -- Of the server's own changes, the home alone makes those that it names its lease for, and only while it is good.
  if args.fence then
    local node, epoch = unpack(redis.call('HMGET', homeKey, 'node', 'epoch'))
    if node ~= args.fence.nodeId or tonumber(epoch or '0') ~= args.fence.epoch then return 'NOT_HOME' end
  end
  if actorId == '' then return nil end
  if redis.call('HEXISTS', bansKey, actorId) == 1 then return 'BANNED' end
  local targets = allowed[roleOf(actorId)]
  if not targets then return 'NOT_ALLOWED' end
  if args.userId and not includes(targets, roleOf(args.userId)) then return 'NOT_ALLOWED' end
end

local code = refusal() or transitions[action]()
if code then return { 'error', code } end
if not unchanged then redis.call('HINCRBY', roomKey, 'seq', 1) end

return {
  'ok',
  redis.call('HGETALL', roomKey),
  redis.call('HVALS', stageKey),
  redis.call('ZRANGE', handsKey, 0, -1),
  redis.call('HGETALL', namesKey),
  redis.call('HGETALL', invitesKey),
  effects,
  redis.call('ZRANGE', excludedKey, 0, -1, 'WITHSCORES'),
}
