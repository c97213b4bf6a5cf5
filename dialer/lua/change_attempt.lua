-- change_attempt: give some fields of an attempt another value, or take one out.
-- KEYS[1] hash attempt   KEYS[2] hash of packed attempts   KEYS[3] hash schema
-- ARGV    1 its field among the packed ones, 2 HSET or HDEL, 3.. what follows the key there
-- returns 1 done, 0 there is no such attempt
-- atomic because it may be packed at this moment
-- include: attempt
if not restore(KEYS[1], KEYS[2], ARGV[1]) then return 0 end
redis.call(ARGV[2], KEYS[1], unpack(ARGV, 3))
pack_ended(KEYS[1], KEYS[2], ARGV[1], KEYS[3])
return 1
