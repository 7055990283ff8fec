-- Runs the transition: last of the parts, after all that define one.

-- An ended room can be read, and nothing more.
local function refusal()
  if action ~= 'room:restore' then
    -- A room that has a home and no record is one that Redis has lost, and that its home writes back.
    if redis.call('EXISTS', roomKey) == 0 then
      return redis.call('EXISTS', homeKey) == 1 and 'ROOM_LOST' or 'ROOM_NOT_FOUND'
    end
    if action ~= 'room:mend' and not isWhole(unpack(partKeys)) then return 'ROOM_LOST' end
  end
  if action == 'read' then return nil end
  if setting('phase') == 'ended' then return 'ROOM_ENDED' end
  -- Of the server's own changes, the home alone makes those that it names its lease for, and only while it is good.
  if args.fence and args.fence ~= cjson.null then
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
if not unchanged then
  redis.call('HINCRBY', roomKey, 'seq', 1)
  redis.call('HSET', roomKey, 'parts', countParts(unpack(partKeys)))
end

-- Hundreds of listeners enter in a second, and change nothing.
if action == 'peer:enter' and unchanged then return { 'unchanged', tonumber(setting('seq')) } end

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
