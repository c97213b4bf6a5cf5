-- complete_campaign: a running campaign with nothing left to do is completed, a cancelled one is closed.
-- KEYS[1] hash campaign   KEYS[2] zset imports   KEYS[3] set closing   KEYS[4] set open   KEYS[5..9] zsets waiting .. live
-- KEYS[10] list callbacks:told   KEYS[11] zset reaping   KEYS[12] zset ended   KEYS[13] stream audit   KEYS[14] hash audit:chain
-- KEYS[15] zset sleeping   KEYS[16] stream changes   KEYS[17..] for each of its trunks: zset ready by class
-- ARGV    campaign id, now_ms
-- returns 1 completed, 0 not now (looked at again when its last call ends), 2 an import is under way (look again),
--         3 paused: its breaker is open and a person is to look, or it has spent what it may
-- atomic because a call may be added at this moment; and what is over is in the line of those to be deleted, always
-- include: audit
-- include: changes
-- include: step
-- include: spending
local id = ARGV[1]
local fields = redis.call('HMGET', KEYS[1], 'state', 'total', 'built_in', 'expires_at', 'ended_at', 'retention_days', 'kind', 'over_at')
local state, total, built_in, expires, ended, days, kind, settled = unpack(fields)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[2])
local left = 0
for i = 5, 9 do left = left + redis.call('ZCARD', KEYS[i]) end
-- One without any call waits for its first, unless it has expired and takes none.
local filled = state == 'running' and (tonumber(total) > 0 or expires and tonumber(expires) <= tonumber(ARGV[2]))
-- An alarm that ran out is told to be over first (end_escalation), for somebody is to be alarmed about that.
local is_climbing = kind == 'escalation' and not settled
local over = left == 0 and (state == 'cancelled' or filled and built_in ~= '1' and not is_climbing)
if over and state == 'running' and redis.call('ZCARD', KEYS[2]) > 0 then return 2 end
redis.call('SREM', KEYS[3], id)
if not over and state ~= 'running' then return 0 end
-- Why a running campaign is to be paused, in words; nil where it is not.
local function stopped_by()
  local tripped, why, breaker = unpack(redis.call('HMGET', KEYS[1], 'tripped_until', 'tripped_why', 'breaker'))
  if tripped and string.find(breaker or '', 'person') then
    local bad, of = string.match(why, '(%d+) (%d+)')
    return bad .. ' of its last ' .. of .. ' attempts failed or were rejected; look at its results, then resume it'
  end
  local euros, spent, of_day, dearest = unpack(redis.call('HMGET', KEYS[1], 'euros', 'spent', 'spent_day', 'dearest'))
  local up = left - redis.call('ZCARD', KEYS[5])
  if up == 0 and spent_until(euros, spent, of_day, dearest, 0, tonumber(ARGV[2])) == false then
    local cap = tonumber(string.match(euros, '%d+'))
    local figures = {tonumber(spent or 0) / 100000000, cap / 100000000}
    return string.format('its calls have cost %.2f of %.2f euros, which leaves too little for another; raise the cap, then resume it', unpack(figures))
  end
end
local reason = not over and stopped_by()
if reason then
  step(KEYS[1], id, ARGV[2], 'paused', reason, {KEYS[15], unpack(KEYS, 17)}, KEYS[3])
  dialer_did(KEYS[13], KEYS[14], ARGV[2], 'campaign.paused', id, {reason = reason})
  return 3
end
if not over then return 0 end
note_change(KEYS[16], 'over ' .. id)
local wanted = redis.call('HGET', KEYS[1], 'tells')
if redis.call('SREM', KEYS[4], id) == 1 and wanted and string.find(wanted, 'campaign.ended', 1, true) then
  redis.call('RPUSH', KEYS[10], 'campaign.ended ' .. id .. ' ' .. (state == 'running' and 'completed' or state) .. ' ' .. ARGV[2])
end
local since = tonumber(state == 'cancelled' and ended or ARGV[2])
if days then
  redis.call('ZADD', KEYS[11], string.format('%.0f', since + days * 86400000), id)
else
  redis.call('ZADD', KEYS[12], string.format('%.0f', since), id)
end
if state == 'cancelled' then return 0 end
for _, line in ipairs({KEYS[15], unpack(KEYS, 17)}) do redis.call('ZREM', line, id) end
redis.call('HSET', KEYS[1], 'state', 'completed', 'ended_at', ARGV[2])
dialer_did(KEYS[13], KEYS[14], ARGV[2], 'campaign.completed', id, {calls = tonumber(total)})
return 1
