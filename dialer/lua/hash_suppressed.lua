-- hash_suppressed: let a keyed hash stand for a suppressed number.
-- KEYS[1] zset suppressed of a list   KEYS[2] hash erasure   KEYS[3] hash suppression
-- ARGV    number, its hash ('' without a secret), fingerprint of the secret, now_ms, '1': suppress it where it is not,
--         name of the list
-- returns 0 it is not suppressed, 1 only the hash is, -1 there is no secret, or hashes stand under another
-- atomic because between the two nobody may call the number
local since = redis.call('ZSCORE', KEYS[1], ARGV[1])
if ARGV[2] ~= '' and redis.call('ZSCORE', KEYS[1], ARGV[2]) then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return 1
end
if not since and ARGV[5] ~= '1' then return 0 end
local before = redis.call('HGET', KEYS[2], 'fingerprint')
if ARGV[2] == '' or before and before ~= ARGV[3] then return -1 end
redis.call('HSET', KEYS[2], 'fingerprint', ARGV[3])
redis.call('ZADD', KEYS[1], since or ARGV[4], ARGV[2])
if not since then redis.call('HINCRBY', KEYS[3], ARGV[6], 1) end
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
