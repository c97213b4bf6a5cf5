-- forget_rejected: forget the rejected rows of an import.
-- KEYS[1] list of its rejected rows   KEYS[2] zset of all imports with rejected rows
-- ARGV    its name there
-- returns 1 forgotten, 0 there were none
-- atomic because rows that are rejected in between would be found by no later erasure
redis.call('UNLINK', KEYS[1])
return redis.call('ZREM', KEYS[2], ARGV[1])
