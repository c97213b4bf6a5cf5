-- open_callback: tell some of the calls that ended in one stroke, each by a line of its own.
-- KEYS[1] zset of its receiver   KEYS[2] hash callbacks   KEYS[3] zset callbacks:pending   KEYS[4] list callbacks:told
-- ARGV    1 callback id, 2 the message as it was (JSON), 3 the message by now (JSON), '' when all calls are told, 4.. lines
-- returns 1 written, 0 somebody else did
-- atomic because another worker may open the same
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
if #ARGV > 3 then redis.call('RPUSH', KEYS[4], unpack(ARGV, 4)) end
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
else
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
end
return 1
