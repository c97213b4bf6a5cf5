-- recall_call: call a member of a running conference again: one who is done, or who waits and is to be called now.
-- KEYS, ARGV[1..4] as in parts/call.lua; the attempt is the newest that was seen, 0 where there was none
-- ARGV    5 '1' for one who was in and dropped, '' where a person asked for it
-- returns {1} in line, {0} not as it was seen: called by now, or for a drop not one, {-1} no such conference,
--         {-2, state} it does not run, or is `over`
-- atomic because two workers see the same drop, and because the conference may end at this moment
-- include: changes
-- include: call
local kind, state, expires, over, swept = unpack(redis.call('HMGET', CAMPAIGN, 'kind', 'state', 'expires_at', 'over_at', 'swept_at'))
if kind ~= 'conference' then return {-1} end
if over or swept or expires and NOW >= tonumber(expires) then return {-2, 'over'} end
if state ~= 'running' then return {-2, state} end
if tries().n ~= NUMBER or tries().erased then return {0} end
local facts = tonumber(redis.call('HGET', ATTEMPT, 'facts') or 0)
if ARGV[5] == '1' and (bit.band(facts, ENTERED) == 0 or bit.band(facts, HUNG_UP) > 0) then return {0} end
local ended = false
for i = OWN_KEYS - DISPOSITION_COUNT, OWN_KEYS - 1 do ended = redis.call('ZREM', KEYS[i], SEQ) == 1 or ended end
if not ended and (ARGV[5] == '1' or not redis.call('ZSCORE', WAITING, SEQ)) then return {0} end
local counted = tries()
-- Whatever is told yet of the attempt before takes nobody out of the line again whom a person asked for (apply_event).
local recalled = ARGV[5] ~= '1' and NUMBER > 0 and NUMBER or nil
if counted.told or counted.recalled ~= recalled then
  counted.told, counted.recalled = nil, recalled
  store_tries(counted)
end
redis.call('ZREM', UNDETERMINED, CALL_ID)
wait(NOW)
return {1}
