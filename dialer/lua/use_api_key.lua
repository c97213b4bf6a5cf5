-- use_api_key: write down that an API key was used, if it is not revoked by now.
-- KEYS[1] hash api-keys   KEYS[2] hash api-keys:used
-- ARGV    its id, when (ms)
-- returns 1 written, 0 there is none
-- atomic because it may be revoked meanwhile
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
