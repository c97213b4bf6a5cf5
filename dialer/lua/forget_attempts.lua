-- forget_attempts: delete all attempts of a call.
-- KEYS[1] hash of packed attempts   KEYS[2..] hashes of the attempts
-- ARGV    for each its field among the packed ones
-- returns nothing
-- atomic because one may be packed, or be a hash again, at this moment
redis.call('HDEL', KEYS[1], unpack(ARGV))
redis.call('UNLINK', unpack(KEYS, 2))
