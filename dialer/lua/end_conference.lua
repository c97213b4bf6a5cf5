-- end_conference: a conference is over: nobody is called any more, and whoever picks up yet is told that it is too late.
-- KEYS[1] hash campaign   KEYS[2] zset expiring   KEYS[3] stream audit   KEYS[4] hash audit:chain
-- ARGV    campaign id, now_ms, why, 1 if the dialer found that out by itself
-- returns 1 over now, 0 it was over before, -1 no such conference
-- atomic because two workers find out at once, and the first reason counts
-- include: audit
local kind, state, expires, over = unpack(redis.call('HMGET', KEYS[1], 'kind', 'state', 'expires_at', 'over_at'))
if kind ~= 'conference' then return -1 end
if over or state == 'completed' then return 0 end
redis.call('HSET', KEYS[1], 'over_at', ARGV[2], 'over_reason', ARGV[3])
if ARGV[4] == '1' then dialer_did(KEYS[3], KEYS[4], ARGV[2], 'conference.over', ARGV[1], {reason = ARGV[3]}) end
-- What waits is ended as `expired` by expire_campaign, what is claimed by begin_attempt.
if not expires or tonumber(expires) > tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], 'expires_at', ARGV[2])
  redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
end
return 1
