-- redial_unknown: an attempt nobody has heard of is dialed again, as a next attempt.
-- KEYS, ARGV[1..4] as in parts/call.lua
-- returns 1 back in the line, or undetermined where its campaign has expired, 0 it is not unknown any more
-- atomic because its webhook may arrive at this moment
-- include: call
if not redis.call('ZSCORE', UNKNOWN, SEQ) or tries().n ~= NUMBER then return 0 end
redis.call('HSET', ATTEMPT, 'redialed', 1)
wait(redis.call('HGET', ATTEMPT, 'due'), 'undetermined')
return 1
