-- create_campaign: store a new campaign, once.
-- KEYS[1] hash campaign   KEYS[2] zset campaigns   KEYS[3] set open   KEYS[4] zset expiring   KEYS[5] hash suppression
-- KEYS[6..] zset, others that list it
-- ARGV    campaign id, created_ms, its end (ms) or '', the suppression lists it keeps to, separated by spaces, fields and values
-- returns 1 created, 0 it was there already and is left as it is, -1 one of the lists is not there
-- atomic because the same request may be sent twice at once, and a list be dropped at this moment
-- include: lists
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if not are_there(KEYS[5], ARGV[4]) then return -1 end
redis.call('HSET', KEYS[1], unpack(ARGV, 5))
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('SADD', KEYS[3], ARGV[1])
for i = 6, #KEYS do redis.call('ZADD', KEYS[i], ARGV[2], ARGV[1]) end
if ARGV[3] ~= '' then redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1]) end
return 1
