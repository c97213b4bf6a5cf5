-- trim_audit: delete the oldest entries of the audit log; the hash before the oldest that is kept stays as the chain's anchor.
-- KEYS[1] stream audit   KEYS[2] hash audit:chain
-- ARGV    the last moment of those to be deleted (ms), how many at most
-- returns how many were deleted
-- atomic because a chain without its anchor cannot be checked
local old, ids = redis.call('XRANGE', KEYS[1], '-', ARGV[1], 'COUNT', ARGV[2]), {}
for i, entry in ipairs(old) do ids[i] = entry[1] end
if #ids == 0 then return 0 end
redis.call('HSET', KEYS[2], 'anchor', old[#old][2][4])
redis.call('HINCRBY', KEYS[2], 'trimmed', #ids)
return redis.call('XDEL', KEYS[1], unpack(ids))
