-- One transition of a room, whole or not at all: reads who acts from the store, checks that they may, applies the change and
-- returns the room as it is then. Everything that could race (a role, a hand, an invitation, a ban, a phase, a limit) goes
-- through here.
--
-- Assembled from parts.lua, lib.lua, a part for each theme, and main.lua.
--
-- KEYS  room stage hands names invites bans ticket home excluded where handAddresses
-- ARGV  action, actor's user id ('' is the server itself), unix time in ms, arguments (JSON), row of the permission table (JSON)
--
-- Returns {'error', code}, or {'ok', room hash, stage members (JSON), hands, names of hands, invites, effects, people excluded}, or of
-- somebody who has entered and changed nothing {'unchanged', number of the record}. An effect is a user id followed by the cause that
-- this person is told.

local roomKey, stageKey, handsKey, namesKey, invitesKey, bansKey, ticketKey, homeKey, excludedKey, whereKey, handAddressesKey =
  unpack(KEYS)
local partKeys = { roomKey, stageKey, handsKey, namesKey, invitesKey, bansKey }
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

-- Somebody has decided about this person: what was decided before, and is written later, does not undo it.
local function change(someone)
  someone.changed = tonumber(setting('seq')) + 1
  save(someone)
end

-- Was what is written now decided before the last decision about this person?
local function isOvertaken(someone)
  return args.decidedAt ~= nil and (someone.changed or 0) > args.decidedAt
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
  redis.call('HDEL', handAddressesKey, userId)
  return redis.call('ZREM', handsKey, userId) == 1
end

local function dropInvite(userId)
  return redis.call('HDEL', invitesKey, userId) == 1
end

local function takeStage(userId, name)
  if redis.call('HLEN', stageKey) >= tonumber(setting('speakerLimit')) then return 'STAGE_FULL' end
  dropHand(userId)
  dropInvite(userId)
  -- In the order of coming, also where a clock was set back or that of another node is behind.
  local since = now
  for _, someone in ipairs(members()) do
    since = math.max(since, someone.since + 1)
  end
  change({ userId = userId, name = name, role = 'speaker', muted = true, away = false, since = since })
end

local function leaveStage(userId)
  redis.call('HDEL', stageKey, userId)
end

local function readmit(userId)
  redis.call('ZREM', excludedKey, 'removed:' .. userId, 'banned:' .. userId)
end

local function mute(someone)
  someone.muted = true
  change(someone)
  tell(someone.userId, 'muted')
end

local function crown(heir)
  for _, someone in ipairs(members()) do
    if someone.role == 'host' then
      someone.role = 'cohost'
      change(someone)
      tell(someone.userId, 'other')
    end
  end
  heir.role = 'host'
  change(heir)
  redis.call('HSET', roomKey, 'hostId', heir.userId, 'hostName', heir.name)
  tell(heir.userId, 'madeHost')
end

-- Whoever takes over from a host: the co-host, or else the speaker, who came first and is there.
local function findHeir()
  local speaker = nil
  for _, someone in ipairs(members()) do
    if not someone.away then
      if someone.role == 'cohost' then return someone end
      if someone.role == 'speaker' then speaker = speaker or someone end
    end
  end
  return speaker
end

local function countCohosts()
  local count = 0
  for _, someone in ipairs(members()) do
    if someone.role == 'cohost' then count = count + 1 end
  end
  return count
end

local transitions = {}
