-- settle_callback: write what became of sending one callback.
-- KEYS[1] zset of its receiver   KEYS[2] hash callbacks   KEYS[3] zset callbacks:pending   KEYS[4] zset callbacks:dead
-- ARGV    1 callback id, 2 what follows: done, again or dead, 3 again from when, or dead since (ms), 4 the message by now (JSON)
-- returns 1 written, 0 it does not wait any more
-- atomic because a worker that was presumed dead may write late
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
if ARGV[2] == 'again' then
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
else
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
end
if ARGV[2] == 'done' then
  redis.call('HDEL', KEYS[2], ARGV[1])
else
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
end
if ARGV[2] == 'dead' then redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1]) end
return 1
