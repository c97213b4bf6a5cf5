-- stamp_schema: give data without a version the one that it is of.
-- KEYS[1] hash schema, the rest: keys of which one at least is there where anything is stored for good
-- ARGV    version of an empty Redis, version of what is there, the oldest version of a program that may read either
-- returns nothing
-- atomic because processes of two releases may begin on an empty Redis at once
if redis.call('EXISTS', KEYS[1]) == 1 then return end
local version = redis.call('EXISTS', unpack(KEYS, 2)) == 0 and ARGV[1] or ARGV[2]
redis.call('HSET', KEYS[1], 'version', version, 'needs', ARGV[3])
