-- redial_unknown: an attempt nobody has heard of is dialed again, as a next attempt.
-- KEYS, ARGV[1..4] as in parts/call.lua
-- returns 1 back in the line, or undetermined where its campaign has expired or has no try left for it, 0 it is not
--         unknown any more, or we hung up on it, which makes it cancelled
-- atomic because its webhook may arrive at this moment
-- include: call
if not redis.call('ZSCORE', UNKNOWN, SEQ) or tries().n ~= NUMBER then return 0 end
local facts = tonumber(redis.call('HGET', ATTEMPT, 'facts') or 0)
if bit.band(facts, HUNG_UP) > 0 then
  end_attempt('cancelled')
  settle('cancelled', facts)
  return 0
end
if is_capped(tries()) then
  end_attempt('undetermined')
  settle('undetermined')
  return 1
end
redis.call('HSET', ATTEMPT, 'redialed', 1)
wait(redis.call('HGET', ATTEMPT, 'due'), 'undetermined')
return 1
