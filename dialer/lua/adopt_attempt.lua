-- adopt_attempt: a call that waits was dialed, as the carrier tells, by an attempt that the data has lost. It may have rung until what
--         the carrier tells of it is applied.
-- KEYS, ARGV[1..4] as in parts/call.lua, but that `now` is when it was dialed; its own KEYS: the hash `dialed` of the number of that day
-- ARGV    5 lease deadline (ms), 6 the carrier's uuid or '', 7 the trunk, '' for main, 8 the address that was dialed, 9 its place among
--         those of the person
-- returns 1, or 0 if the call does not wait any more, or has another number of tries
-- atomic because a worker may dial it at this moment
-- include: changes
-- include: call
-- include: doubt
-- include: dialed
local due = redis.call('ZSCORE', WAITING, SEQ) or redis.call('ZSCORE', CLAIMED, SEQ)
local counted, place = tries(), tonumber(ARGV[9])
if not due or counted.n + 1 ~= NUMBER then return 0 end
move(UNKNOWN, NOW, ARGV[5])
counted.n, counted.moment = NUMBER, nil
turn_to(counted, place)
store_tries(counted)
redis.call('HINCRBY', CAMPAIGN, 'attempts', 1)
note_dialed(ARGV[8])
redis.call('HSET', ATTEMPT, 'nonce', 'adopted', 'at', NOW, 'due', due, 'result', 'unknown: data_lost')
if ARGV[6] ~= '' then redis.call('HSET', ATTEMPT, 'uuid', ARGV[6]) end
if place > 1 then redis.call('HSET', ATTEMPT, 'place', place) end
if ARGV[7] ~= '' then redis.call('HSET', ATTEMPT, 'trunk', ARGV[7]) end
return 1
