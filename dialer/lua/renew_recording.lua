-- renew_recording: go on holding a recording that takes long to fetch.
-- KEYS[1] zset recordings:due     KEYS[2] hash recording
-- ARGV    1 recording id, 2 holder, 3 lease deadline (ms)
-- returns 1 held, 0 somebody else's by now, or deleted
-- atomic because a lease that lapsed may be taken between our look and our renewal
if redis.call('HGET', KEYS[2], 'holder') ~= ARGV[2] then return 0 end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1
