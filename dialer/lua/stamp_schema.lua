-- stamp_schema: give data without a version the one that it is of.
-- KEYS[1] hash schema, the rest: keys of which one at least is there where anything is stored for good
-- ARGV    version of an empty Redis and the oldest version of a program that may read it, then both for what is there
-- returns nothing
-- atomic because processes of two releases may begin on an empty Redis at once
if redis.call('EXISTS', KEYS[1]) == 1 then return end
local first = redis.call('EXISTS', unpack(KEYS, 2)) == 0 and 1 or 3
redis.call('HSET', KEYS[1], 'version', ARGV[first], 'needs', ARGV[first + 1])
