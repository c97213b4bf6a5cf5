-- create_campaign: store a new campaign, once.
-- KEYS[1] hash campaign   KEYS[2] zset campaigns   KEYS[3] set open   KEYS[4] zset expiring   KEYS[5..] zset, others that list it
-- ARGV    campaign id, created_ms, its end (ms) or '', fields and values
-- returns 1 created, 0 it was there already and is left as it is
-- atomic because the same request may be sent twice at once
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('SADD', KEYS[3], ARGV[1])
for i = 5, #KEYS do redis.call('ZADD', KEYS[i], ARGV[2], ARGV[1]) end
if ARGV[3] ~= '' then redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1]) end
return 1
