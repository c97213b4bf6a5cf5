-- change_suppression: put numbers on a list of those that are not called, or take them off.
-- KEYS[1] zset suppressed of the list   KEYS[2] hash suppression
-- ARGV    name of the list, now_ms, add or remove, numbers
-- returns how many were changed; those that were so already stay as they are, since then
-- atomic because the version of a list tells what an attempt was allowed by
local changed = 0
for i = 4, #ARGV do
  if ARGV[3] == 'add' then
    changed = changed + redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[i])
  else
    changed = changed + redis.call('ZREM', KEYS[1], ARGV[i])
  end
end
-- A list is there once something is put on it, be it nothing; taking off makes none.
if changed > 0 or ARGV[3] == 'add' then redis.call('HINCRBY', KEYS[2], ARGV[1], changed > 0 and 1 or 0) end
return changed
