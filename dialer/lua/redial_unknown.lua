-- redial_unknown: an attempt nobody has heard of is dialed again, as a next attempt.
-- KEYS, ARGV[1..4] as in parts/call.lua
-- returns 1 back in the line, or ended where its campaign dials nothing more for it (undetermined, or cancelled as all of
--         it), 0 it is not unknown any more, or we hung up on it, which makes it cancelled
-- atomic because its webhook may arrive at this moment
-- include: changes
-- include: call
-- include: breaker
-- include: brakes
if not redis.call('ZSCORE', UNKNOWN, SEQ) or tries().n ~= NUMBER then return 0 end
local facts = tonumber(redis.call('HGET', ATTEMPT, 'facts') or 0)
if bit.band(facts, HUNG_UP) > 0 then
  end_attempt('cancelled')
  settle('cancelled', facts)
  return 0
end
note_outcome('undetermined')
if is_capped(tries()) then
  redis.call('HSET', ATTEMPT, 'facts', bit.bor(facts, LOST))
  end_attempt('undetermined')
  settle('undetermined')
  return 1
end
local ended = wait(redis.call('HGET', ATTEMPT, 'due'), 'undetermined')
if ended == '' then
  redis.call('HSET', ATTEMPT, 'redialed', 1)
else
  -- Not dialed again after all: as one that was given up, whose label follows what is told of it yet.
  redis.call('HSET', ATTEMPT, 'facts', bit.bor(facts, LOST))
  end_attempt(ended)
end
return 1
