-- replace_field: give a field of a hash another text, if it still has the one that was read.
-- KEYS[1] hash
-- ARGV    field, its text as it was read, the new one, then fields that go with what was taken out
-- returns 1 replaced, 0 it is another one by now
-- atomic because two may change it at once
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
for i = 4, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
return 1
