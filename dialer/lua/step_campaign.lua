-- step_campaign: start, pause, resume or cancel a campaign.
-- KEYS[1] hash campaign   zsets KEYS[2] waiting   KEYS[3] claimed   KEYS[4] done:cancelled   KEYS[5] leases   KEYS[6] sleeping
-- KEYS[7] set closing   KEYS[8] list callbacks:told   KEYS[9] stream audit   KEYS[10] hash audit:chain   KEYS[11] zset held
-- KEYS[12] stream changes   KEYS[13..] for each of its trunks: zset ready by class
-- ARGV    campaign id, now_ms, the new state, reason or '', the same masked, since when nobody must have touched it (ms) or '',
--         states from which it is allowed;
--         a reason is the dialer's own, which nobody has asked for: so it is audited here
-- returns {1} stepped, {2} it was there already, {0, state} not from here, or touched since, {-1} no such campaign
-- atomic because a claim between the state and the sets would dial for a paused campaign
-- include: changes
-- include: line
-- include: step
-- include: sweep
-- include: audit
local id, now, target = ARGV[1], ARGV[2], ARGV[3]
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {-1} end
if state == target then return {2} end
local allowed = false
for i = 7, #ARGV do allowed = allowed or ARGV[i] == state end
if not allowed then return {0, state} end
if ARGV[6] ~= '' then
  local touched, created = unpack(redis.call('HMGET', KEYS[1], 'touched_at', 'created_at'))
  if tonumber(touched or created) > tonumber(ARGV[6]) then return {0, state} end
end

step(KEYS[1], id, now, target, ARGV[4], {KEYS[6], unpack(KEYS, 13)}, KEYS[7])
if ARGV[4] ~= '' then dialer_did(KEYS[9], KEYS[10], now, 'campaign.' .. target, id, {reason = ARGV[5]}) end
if target == 'running' then
  redis.call('HSETNX', KEYS[1], 'started_at', now)
  -- Whoever resumes it has looked: the breaker is closed, and no trunk shut.
  redis.call('HDEL', KEYS[1], 'outcomes', 'probes', 'tripped_until', 'tripped_wait', 'tripped_why', 'shut')
  for i = 12 + tonumber(redis.call('HGET', KEYS[1], 'class')), #KEYS, 3 do stand_in_line(id, KEYS[i]) end
elseif target == 'cancelled' then
  redis.call('HSET', KEYS[1], 'ended_at', now)
  for _, seq in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
    redis.call('ZREM', KEYS[5], id .. '-' .. seq)
    redis.call('ZADD', KEYS[2], now, seq)
  end
  redis.call('DEL', KEYS[3], KEYS[11])
  if redis.call('EXISTS', KEYS[2]) == 1 then
    tell_swept(KEYS[1], KEYS[8], id, 'cancelled', now)
    note_change(KEYS[12], 'calls ' .. id .. ' done:cancelled ' .. now)
  end
  -- A million calls end in one stroke: the set is renamed, not copied, unless calls were cancelled one by one before.
  if redis.call('EXISTS', KEYS[4]) == 1 then
    redis.call('ZUNIONSTORE', KEYS[4], 2, KEYS[4], KEYS[2])
    redis.call('DEL', KEYS[2])
  elseif redis.call('EXISTS', KEYS[2]) == 1 then
    redis.call('RENAME', KEYS[2], KEYS[4])
  end
end
return {1}
