-- revive_callback: tell a callback that was given up once more, or drop it for good.
-- KEYS[1] zset callbacks:dead   KEYS[2] hash callbacks   KEYS[3] list callbacks:told
-- ARGV    callback id, its line, '' to drop it
-- returns 1 done, 0 it is not among those given up
-- atomic because two people may do so at once
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
if ARGV[2] ~= '' then redis.call('RPUSH', KEYS[3], ARGV[2]) end
return 1
