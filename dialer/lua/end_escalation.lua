-- end_escalation: an escalation is over: nobody is called any more, and what rings is written down to be hung up.
-- KEYS[1] hash campaign   zsets KEYS[2] waiting   KEYS[3] claimed   KEYS[4] placing   KEYS[5] unknown   KEYS[6] live
-- KEYS[7] done:<as those end who wait>   KEYS[8] leases   KEYS[9] expiring   KEYS[10] hang_up   KEYS[11] hanging-up
-- KEYS[12] imports   KEYS[13] set closing   KEYS[14] list callbacks:told   KEYS[15] stream audit   KEYS[16] hash audit:chain
-- KEYS[17] zset held   KEYS[18] stream changes   KEYS[19] zset unconfirmed   KEYS[20] zset sleeping   KEYS[21..] for each of its
-- trunks: zset ready by class
-- ARGV    campaign id, now_ms, why, disposition of those who wait, '1' if somebody has taken it over or ended it (what nobody
--         has answered yet is hung up; else it was in vain), '1' if the dialer found that out by itself
-- returns 1 over now, 0 it was over before, -1 no such escalation
-- atomic because the first reason counts, and because a call may be claimed, or a step added, at this moment
-- include: changes
-- include: sweep
-- include: audit
local id, now = ARGV[1], ARGV[2]
local kind, state, expires, over = unpack(redis.call('HMGET', KEYS[1], 'kind', 'state', 'expires_at', 'over_at'))
if kind ~= 'escalation' then return -1 end
if state == 'completed' or state == 'cancelled' then return 0 end
if not over then
  redis.call('HSET', KEYS[1], 'over_at', now, 'over_reason', ARGV[3], 'state', 'running', 'reason', '')
  if ARGV[5] ~= '1' then redis.call('ZADD', KEYS[19], now, id) end
  if ARGV[6] == '1' then dialer_did(KEYS[15], KEYS[16], now, 'escalation.over', id, {reason = ARGV[3]}) end
  -- What comes back to the line yet has expired there.
  if not expires or tonumber(expires) > tonumber(now) then redis.call('HSET', KEYS[1], 'expires_at', now) end
  for i = 4, ARGV[5] == '1' and 6 or 0 do
    for _, seq in ipairs(redis.call('ZRANGE', KEYS[i], 0, -1)) do
      redis.call('ZADD', KEYS[10], now, seq .. '?')
      redis.call('ZADD', KEYS[11], now, id)
    end
  end
end
-- Its end is here. Asked again, it ends what a worker whose clock is some milliseconds behind has put back into the line.
redis.call('ZREM', KEYS[9], id)
-- Who was claimed has no lease any more: begin_attempt refuses him.
for _, seq in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do redis.call('ZREM', KEYS[8], id .. '-' .. seq) end
redis.call('DEL', KEYS[17])
local ended = false
for i = 2, 3 do
  for _, seq in ipairs(redis.call('ZRANGE', KEYS[i], 0, -1)) do
    redis.call('ZADD', KEYS[7], now, seq)
    ended = true
  end
  redis.call('DEL', KEYS[i])
end
if ended then
  tell_swept(KEYS[1], KEYS[14], id, ARGV[4], now)
  note_change(KEYS[18], 'calls ' .. id .. ' done:' .. ARGV[4] .. ' ' .. now)
end
for i = 20, #KEYS do redis.call('ZREM', KEYS[i], id) end
redis.call('DEL', KEYS[12])
redis.call('SADD', KEYS[13], id)
return over and 0 or 1
