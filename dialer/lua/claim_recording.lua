-- claim_recording: take a due recording, to fetch it or to delete its file, under a lease.
-- KEYS[1] zset recordings:due     KEYS[2] hash recording
-- ARGV    1 recording id, 2 now_ms, 3 lease deadline (ms), 4 holder (unguessable)
-- returns the recording's fields, nothing where it is not due (somebody else has it)
-- atomic because two workers must not fetch the same one at once
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not due or tonumber(due) > tonumber(ARGV[2]) then return {} end
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return {}
end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
redis.call('HSET', KEYS[2], 'holder', ARGV[4])
redis.call('HINCRBY', KEYS[2], 'tries', 1)
return redis.call('HGETALL', KEYS[2])
