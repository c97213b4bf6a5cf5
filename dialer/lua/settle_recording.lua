-- settle_recording: write what became of a fetch, or of deleting the file, if its holder still holds it.
-- KEYS[1] zset recordings:due     KEYS[2] hash recording     KEYS[3] zset recordings:unfetched
-- ARGV    1 recording id, 2 holder, 3 when it is due again (ms), 0 for never, 4 in how many ms the hash ends, 0 for not,
--         5.. fields
-- returns 1 written, 0 somebody else's by now, or deleted
-- atomic because whoever deletes a recording while it is fetched must win
if redis.call('HGET', KEYS[2], 'holder') ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[2], 'holder', 'error')
if #ARGV > 4 then redis.call('HSET', KEYS[2], unpack(ARGV, 5)) end
if tonumber(ARGV[4]) > 0 then redis.call('PEXPIRE', KEYS[2], ARGV[4]) end
if tonumber(ARGV[3]) > 0 then
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
else
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
end
return 1
