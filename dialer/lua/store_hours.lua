-- store_hours: write down the next open stretch of some cohorts, if the windows are still those it was worked out from.
-- KEYS[1] hash campaign
-- ARGV    version of the windows, then h<number of the cohort> and "opens closes" (ms) for each
-- returns 1 stored, 0 the windows were changed
-- atomic because a change of the windows must not be followed by hours of the old ones
if redis.call('HGET', KEYS[1], 'timed') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
