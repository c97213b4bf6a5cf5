-- count_up: how many calls hold a slot of a trunk.
-- KEYS[1] zset up   KEYS[2] zset leases
-- returns their number
-- atomic because who has no lease any more holds none, and calls come and go meanwhile
-- A server that cannot save takes no write: then they are those who held one when it last could.
redis.pcall('ZINTERSTORE', KEYS[1], 2, KEYS[1], KEYS[2])
return redis.call('ZCARD', KEYS[1])
