-- replace_plan: give an escalation a plan from which somebody was taken out, if it still has the one that was read.
-- KEYS[1] hash escalation
-- ARGV    the plan as it was read, the new one (JSON), then the fields of those who are not in it any more
-- returns 1 replaced, 0 it is another one by now
-- atomic because two may be taken out at once
if redis.call('HGET', KEYS[1], 'plan') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'plan', ARGV[2])
for i = 3, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
return 1
