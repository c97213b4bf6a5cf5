-- release_receiver: let go of a receiver; it is looked at again when its next callback is due.
-- KEYS[1] zset callbacks:due   KEYS[2] zset of the receiver
-- ARGV    receiver, the lease deadline under which it was held (ms)
-- returns 1 released, 0 it was somebody else's by now
-- atomic because a callback may be put into the queue at this moment
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0) ~= tonumber(ARGV[2]) then return 0 end
local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
if first[1] then redis.call('ZADD', KEYS[1], first[2], ARGV[1]) else redis.call('ZREM', KEYS[1], ARGV[1]) end
return 1
