-- take_due: take some members of a sorted set that are due; another worker may when the lease lapses.
-- KEYS[1] zset
-- ARGV    now_ms, lease deadline (ms), how many at most
-- returns the members
-- atomic because every worker takes from the same set
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, member in ipairs(due) do redis.call('ZADD', KEYS[1], ARGV[2], member) end
return due
