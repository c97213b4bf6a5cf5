-- claim_hang_ups: take some calls of a campaign that are to be hung up; another worker may do so when the lease lapses.
-- KEYS[1] zset hang_up   KEYS[2] zset hanging-up
-- ARGV    campaign id, now_ms, lease deadline (ms), how many at most
-- returns running numbers
-- atomic because every worker takes from the same list, and a call may be added when the last one is taken off
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('ZREM', KEYS[2], ARGV[1])
  return {}
end
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[4])
for _, seq in ipairs(due) do redis.call('ZADD', KEYS[1], ARGV[3], seq) end
return due
