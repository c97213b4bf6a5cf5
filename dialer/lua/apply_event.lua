-- apply_event: add what a carrier's event says to its attempt, and let the call follow from all that is known.
-- KEYS, ARGV[1..4] as in parts/call.lua
-- ARGV    5 facts (bits), 6 name of the event (its repeats have the same), 7 the event as kept, 8 the carrier's uuid or '',
--         9..11 lease deadlines (ms): while it rings, while it is talked, while a reason may follow; 12 until when it may be up at the
--         latest (ms), where it is given up, else 0; 13.. figures
-- returns code, attempt's new disposition or '', call's disposition or '', the trunk of an attempt that ended ('' for main), if it ended
--         only now when its request left (ms), else 0, the kind of its campaign
--         0 no such attempt, 1 a repeat, 2 kept (it says nothing about the call's way), 3 nothing new, 4 applied
--         An attempt keeps so many events and no more, but what a further one tells counts all the same; so it does where
--         the person was erased: nothing but the facts stays then.
-- atomic because two events of one call arrive together, in any order, at any process
-- include: changes
-- include: call
-- include: breaker
-- include: brakes
local MOST_FIELDS = 160
if not IS_THERE then return {0, '', ''} end
local known = tonumber(redis.call('HGET', ATTEMPT, 'facts') or 0)
local facts = bit.bor(known, tonumber(ARGV[5]))
local erased = redis.call('HEXISTS', ATTEMPT, 'erased') == 1
local kept = not erased and redis.call('HLEN', ATTEMPT) <= MOST_FIELDS and redis.call('HSETNX', ATTEMPT, ARGV[6], ARGV[7]) == 1
if not kept and facts == known then return {1, '', ''} end
if ARGV[8] ~= '' and not erased then redis.call('HSETNX', ATTEMPT, 'uuid', ARGV[8]) end
for i = 13, erased and 0 or #ARGV, 2 do
  if ARGV[i] == 'f:price' then note_price(ARGV[i + 1], redis.call('HGET', ATTEMPT, 'f:price')) end
end
if #ARGV > 12 and not erased then redis.call('HSET', ATTEMPT, unpack(ARGV, 13)) end

if tonumber(ARGV[5]) == 0 then return {2, '', ''} end
if facts == known then return {3, '', ''} end
redis.call('HSET', ATTEMPT, 'facts', facts)
-- Given up, it keeps its number from others as long as it may be up, unless its end is told yet. That of a later attempt says
-- nothing about it.
if bit.band(facts, ENDINGS) == 0 and tonumber(ARGV[12]) > NOW then
  redis.call('ZADD', DOUBTFUL, 'GT', ARGV[12], CALL_ID)
elseif bit.band(facts, ENDINGS) > 0 and bit.band(facts, LOST) > 0 and tries().n == NUMBER then
  redis.call('ZREM', DOUBTFUL, CALL_ID)
end
-- Whoever asks not to be called again is suppressed with that very fact, in every campaign (begin_attempt looks).
if bit.band(facts, OPTED_OUT) > bit.band(known, OPTED_OUT) then
  if not erased then suppress() end
  tell('number.opted_out', ATTEMPT_ID, 'opted_out')
end
if bit.band(facts, CONFIRMED) > bit.band(known, CONFIRMED) then tell('call.confirmed', ATTEMPT_ID, 'confirmed') end

local disposition
for _, rule in ipairs(RULES) do
  if bit.band(facts, rule[1]) == rule[1] then disposition = rule[2] break end
end
local before = redis.call('HGET', ATTEMPT, 'disposition')
-- No rule matches yet where the carrier's refusal ended the attempt: that stands until an ending is told.
if disposition == before or before and not disposition then return {4, '', ''} end
if disposition then end_attempt(disposition) end
-- One that was dialed again as unknown was counted then (redial_unknown).
local counts = disposition and not before and redis.call('HEXISTS', ATTEMPT, 'redialed') == 0
local began = counts and tonumber(redis.call('HGET', ATTEMPT, 'at') or NOW) or 0
if counts then note_outcome(disposition) end
local trunk = disposition and redis.call('HGET', ATTEMPT, 'trunk') or ''
local kind = redis.call('HGET', CAMPAIGN, 'kind')
if tries().n ~= NUMBER then return {4, disposition or '', '', trunk, began} end
if before then
  -- A fact that came late. A call that is done stays so, under the new label; a redial that nobody began yet is
  -- decided anew, for whoever turns out to have been reached is not dialed again.
  local ended = redis.call('ZSCORE', done_key(before), SEQ)
  if ended then
    redis.call('ZREM', done_key(before), SEQ)
    redis.call('ZADD', done_key(disposition), ended, SEQ)
    note_call(CHANGES, CAMPAIGN, done_key(disposition), CALL_ID, ARGV[4])
    unsettle(before)
    local counted = tries()
    counted[disposition] = (counted[disposition] or 0) + 1
    store_tries(counted)
    -- Ended in one stroke with its campaign, it is not among those that are told by that one line any more.
    if not counted.told then tell_end(disposition) end
    if bit.band(facts, HUNG_UP) == 0 and not erased then
      is_used_up(policy_of(disposition), counted[disposition])
      escalate(disposition)
    end
  elseif redis.call('ZSCORE', WAITING, SEQ) or redis.call('ZSCORE', CLAIMED, SEQ) then
    unsettle(before)
    local counted = tries()
    local stands = counted.recalled == NUMBER and bit.band(facts, OPTED_OUT) == 0 -- a person asked for him since (recall_call)
    if not stands then return {4, disposition, settle(disposition, facts), trunk, began, kind} end
    counted[disposition] = (counted[disposition] or 0) + 1
    store_tries(counted)
    return {4, disposition, '', trunk, began, kind}
  end
  return {4, '', ''}
end
local standing = false
for i = 2, 6 do standing = standing or redis.call('ZSCORE', KEYS[i], SEQ) end
if not standing then return {4, disposition or '', '', trunk, began} end
if disposition then return {4, disposition, settle(disposition, facts), trunk, began, kind} end
-- That we want it ended is no news of the phone: whether there is a call, the carrier tells.
if tonumber(ARGV[5]) == HUNG_UP then return {4, '', ''} end
local phase = bit.band(facts, OVER) > 0 and 11 or bit.band(facts, REACHED) > 0 and 10 or 9
-- A campaign with timers of its own has leases of its own.
local own = phase < 11 and redis.call('HGET', CAMPAIGN, phase == 9 and 'ringing_ms' or 'talking_ms')
move(LIVE, redis.call('ZSCORE', LIVE, SEQ) or NOW, own and NOW + own or ARGV[phase])
return {4, '', ''}
