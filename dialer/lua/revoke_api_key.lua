-- revoke_api_key: forget an API key, and when it was used.
-- KEYS[1] hash api-keys   KEYS[2] hash api-keys:used
-- ARGV    its id
-- returns 1 revoked, 0 there is none
-- atomic because a use that is written down meanwhile must leave nothing behind
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])
