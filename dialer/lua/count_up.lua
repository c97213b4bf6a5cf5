-- count_up: how many calls hold a slot of a trunk.
-- KEYS[1] zset up   KEYS[2] zset leases
-- returns their number
-- atomic because who has no lease any more holds none, and calls come and go meanwhile
redis.call('ZINTERSTORE', KEYS[1], 2, KEYS[1], KEYS[2])
return redis.call('ZCARD', KEYS[1])
