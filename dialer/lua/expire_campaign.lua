-- expire_campaign: what a campaign has not dialed by its end is not dialed any more.
-- KEYS[1] hash campaign   zsets KEYS[2] waiting   KEYS[3] done:expired   KEYS[4] expiring   KEYS[5] sleeping   KEYS[6] set closing
-- KEYS[7] list callbacks:told   KEYS[8] stream audit   KEYS[9] hash audit:chain   KEYS[10] zset held
-- KEYS[11] stream changes   KEYS[12..] for each of its trunks: zset ready by class
-- ARGV    campaign id, now_ms, '1': those of its calls that wait for a redial were ended one by one (expire_call)
-- returns how many calls expired, -1 not yet (the end was moved), -2 not yet: they are to be ended one by one first, for somebody
--         else may be alarmed about them; whatever comes back to the line from now on ends by itself
-- atomic because a call may be claimed at this moment; one that was claimed already expires in begin_attempt
-- include: changes
-- include: sweep
-- include: audit
local id, now = ARGV[1], tonumber(ARGV[2])
local expires = redis.call('HGET', KEYS[1], 'expires_at')
if expires and tonumber(expires) > now then
  redis.call('ZADD', KEYS[4], expires, id)
  return -1
end
if expires then redis.call('HSETNX', KEYS[1], 'swept_at', now) end
if expires and ARGV[3] ~= '1' and redis.call('HEXISTS', KEYS[1], 'escalation') == 1 then return -2 end
local first = redis.call('ZREM', KEYS[4], id) == 1
if not expires then return 0 end
local left = redis.call('ZCARD', KEYS[2])
if left > 0 then
  tell_swept(KEYS[1], KEYS[7], id, 'expired', ARGV[2])
  note_change(KEYS[11], 'calls ' .. id .. ' done:expired ' .. ARGV[2])
end
-- In one stroke, however many: the set is renamed, not copied, unless calls have expired one by one before.
if left > 0 and redis.call('EXISTS', KEYS[3]) == 0 then
  redis.call('RENAME', KEYS[2], KEYS[3])
elseif left > 0 then
  redis.call('ZUNIONSTORE', KEYS[3], 2, KEYS[3], KEYS[2])
  redis.call('DEL', KEYS[2])
end
redis.call('DEL', KEYS[10])
redis.call('ZREM', KEYS[5], id)
for i = 12, #KEYS do redis.call('ZREM', KEYS[i], id) end
redis.call('SADD', KEYS[6], id)
if first then dialer_did(KEYS[8], KEYS[9], ARGV[2], 'campaign.expired', id, {calls = left}) end
return left
