-- call (included): the keys of one call and the moves that more than one script makes. Before the script, its attempt
-- is no longer packed; behind it, it is again (`call_over.lua`).
-- KEYS    1 hash campaign; zsets 2 waiting, 3 claimed, 4 placing, 5 unknown, 6 live; 7 zset leases; 8 zset sleeping;
--         9 set closing; 10 hash trunk; 11 zset ready:urgent of the trunk; 12 zset suppressed; 13 hash suppression; 14 zset held;
--         15 zset escalating; 16 stream changes; 17 zset doubtful; 18 zset undetermined; 19.. zset done:<disposition> in the order of `dispositions.py`; last, behind a script's own, the list callbacks:told, hash schema,
--         the calls' hash of packed attempts, the call's bucket of records and the attempt
-- ARGV    1 campaign id, 2 running number of the call, 3 number of the attempt, 4 now (ms); the rest is the script's own
-- include: attempt
local CAMPAIGN, WAITING, CLAIMED, PLACING, UNKNOWN, LIVE, LEASES, SLEEPING, CLOSING, TRUNK, URGENT = unpack(KEYS, 1, 11)
local SUPPRESSED, VERSIONS, HELD, ESCALATING, CHANGES, DOUBTFUL, UNDETERMINED = unpack(KEYS, 12, 18)
local HOUR_MS = 3600000
local OWN_KEYS = 19 + DISPOSITION_COUNT -- where a script's own keys begin
local TOLD, SCHEMA, PACKED, CALLS, ATTEMPT = unpack(KEYS, #KEYS - 4)
local CAMPAIGN_ID, SEQ, NUMBER, NOW = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local CALL_ID = CAMPAIGN_ID .. '-' .. SEQ
local ATTEMPT_ID, PACKED_FIELD = CALL_ID .. '-' .. ARGV[3], SEQ .. '-' .. ARGV[3]
local IS_THERE, may_be_packed = restore(ATTEMPT, PACKED, PACKED_FIELD)

local function done_key(disposition)
  return KEYS[18 + DISPOSITIONS[disposition]]
end

-- Take the call out of whichever set it stands in and put it into another, as of a score; a lease only where given.
-- Whoever is not up any more leaves a slot, or money, to the next of a campaign that has but so much.
-- One that was claimed and does not go gives back what it took of its campaign's own pace.
local function move(set, score, deadline)
  local was_claimed = redis.call('ZREM', CLAIMED, SEQ) == 1
  for _, before in ipairs({WAITING, PLACING, UNKNOWN, LIVE}) do redis.call('ZREM', before, SEQ) end
  redis.call('ZREM', HELD, SEQ)
  redis.call('ZADD', set, score, SEQ)
  note_call(CHANGES, CAMPAIGN, set, CALL_ID, ARGV[4])
  if deadline then
    redis.call('ZADD', LEASES, deadline, CALL_ID)
  else
    redis.call('ZREM', LEASES, CALL_ID)
    local limits = redis.call('HMGET', CAMPAIGN, 'slots', 'euros', 'tripped_until', 'pace', 'pace_at')
    local given_back = was_claimed and limits[4] and limits[5]
    if given_back then redis.call('HSET', CAMPAIGN, 'pace_at', string.format('%.0f', limits[5] - limits[4])) end
    if limits[1] or limits[2] or limits[3] or given_back then redis.call('ZADD', SLEEPING, 'XX', 'LT', NOW, CAMPAIGN_ID) end
    -- Whether it has spent all that it may is known once nobody is up (complete_campaign).
    if limits[2] then redis.call('SADD', CLOSING, CAMPAIGN_ID) end
  end
end

local function tries()
  local stored = redis.call('HGET', CALLS, SEQ .. 't')
  return stored and cjson.decode(stored) or {n = 0}
end

local function store_tries(counted)
  redis.call('HSET', CALLS, SEQ .. 't', cjson.encode(counted))
end

-- Write down what the customer's own system is to be told, where the campaign asks for it. Returns whether it does.
local function tell(event, subject, word, turn)
  local wanted = redis.call('HGET', CAMPAIGN, 'tells')
  if not wanted or not string.find(wanted, event, 1, true) then return false end
  redis.call('RPUSH', TOLD, event .. ' ' .. subject .. ' ' .. word .. ' ' .. ARGV[4] .. (turn or ''))
  return true
end

-- A label that comes back after another one is told as a turn of its own.
local function end_attempt(disposition)
  local turn = redis.call('HEXISTS', ATTEMPT, 'disposition') == 1 and redis.call('HINCRBY', ATTEMPT, 'relabelled', 1) + 1
  redis.call('HSET', ATTEMPT, 'disposition', disposition)
  may_be_packed = true
  tell('attempt.ended', ATTEMPT_ID, disposition, turn and ' ' .. turn)
end

-- Calls that end with their campaign are told by one line for all of them; the mark `told` takes this one out of those.
-- One that was called back after its end (recall_call) ends again: `ends` tells the one from the other.
local function tell_end(disposition)
  local counted = tries()
  counted.told, counted.ends = 1, (counted.ends or 0) + 1
  if tell('call.ended', CALL_ID, disposition, counted.ends > 1 and ' ' .. counted.ends) then store_tries(counted) end
end

local function policy_of(disposition)
  return cjson.decode(redis.call('HGET', CAMPAIGN, 'redial'))[disposition]
end

-- The call was given up with this disposition: somebody else is alarmed, where the policy says so. Once, whatever is told later.
local function escalate(disposition)
  if not disposition or redis.call('HEXISTS', CAMPAIGN, 'escalation') == 0 then return end
  local policy, counted = policy_of(disposition), tries()
  if not policy or policy[5] ~= 'escalate' or counted.escalated then return end
  if redis.call('HGET', CAMPAIGN, 'state') == 'cancelled' then return end
  counted.escalated = 1
  store_tries(counted)
  redis.call('ZADD', ESCALATING, NOW, CALL_ID)
end

-- Whoever waited for a redial when it was too late is given up as he was the last time.
local function finish(disposition)
  move(done_key(disposition), NOW)
  if disposition == 'undetermined' then redis.call('ZADD', UNDETERMINED, NOW, CALL_ID) end
  tell_end(disposition)
  if redis.call('ZCARD', WAITING) == 0 then redis.call('SADD', CLOSING, CAMPAIGN_ID) end
  if disposition == 'expired' then escalate(tries().last) end
  return disposition
end

-- When it is too late for the call (ms): for its whole campaign, or, kept beside its tries, for itself. It always is once what waited
-- was ended (expire_campaign): nobody would end what a process whose clock is behind puts back into the line.
local function too_late_at()
  local expires, swept = unpack(redis.call('HMGET', CAMPAIGN, 'expires_at', 'swept_at'))
  if swept then return 0 end
  local shared, own = tonumber(expires or nil), tries().x
  return shared and own and math.min(shared, own) or shared or own
end

-- Back to waiting, due at a moment; what a cancelled campaign gets back is cancelled, and what could not be dialed before
-- its campaign expires has ended: as it did last, or as expired.
local function wait(due, last)
  local state, expires = redis.call('HGET', CAMPAIGN, 'state'), too_late_at()
  if state == 'cancelled' then return finish('cancelled') end
  if expires and math.max(due, NOW) >= expires then return finish(last or 'expired') end
  move(WAITING, due)
  if state == 'running' then redis.call('ZADD', SLEEPING, 'LT', due, CAMPAIGN_ID) end
  return ''
end

-- Back to waiting until a moment, for a reason which those who ask are told (`dialer/holding.py`).
local function hold(due, reason)
  local ended = wait(due)
  if ended == '' then redis.call('ZADD', HELD, string.format('%.0f', reason * HELD_SPAN + due), SEQ) end
  return ended
end

-- The numbers of the call's person, and the place among them of the one that the attempt dials.
local function numbers()
  local record = cjson.decode(redis.call('HGET', CALLS, SEQ))
  local all = {record[1], unpack(record[5] ~= cjson.null and record[5] or {})}
  return all, tonumber(redis.call('HGET', ATTEMPT, 'place') or 1)
end

local function suppress()
  local all, place = numbers()
  if redis.call('ZADD', SUPPRESSED, 'NX', NOW, all[place]) == 1 then redis.call('HINCRBY', VERSIONS, ALL_CAMPAIGNS, 1) end
end

local function is_suppressed(number)
  return redis.call('ZSCORE', SUPPRESSED, number)
end

-- The place of the next number that may be dialed, round robin, the present one last; nil for none.
local function next_place(all, place, spent, is_barred)
  for step = 1, #all do
    local at = (place + step - 1) % #all + 1
    local is_spent = bit.band(spent or 0, bit.lshift(1, at - 1)) > 0
    if not is_spent and not is_barred(all[at]) then return at end
  end
end

-- Which number the next try dials, kept where it is not the first.
local function turn_to(counted, place)
  counted.place = place > 1 and place or nil
end

-- The wait before a redial, counted from 1, in whole ms.
local function wait_before(redial, policy)
  local after, growth, most = policy[2], policy[3] or 100, policy[4] or MOST_AFTER_MS
  for _ = 2, redial do
    if after >= most then break end
    after = math.floor(after * growth / 100)
  end
  return math.min(after, most)
end

-- A moment from then on at which the hour of the day is three or more away from those of all tries of the call; that moment where
-- no hour is left.
local function at_another_hour(due, counted)
  local tried = math.floor(redis.call('HGET', ATTEMPT, 'at') / HOUR_MS) % 24
  counted.hours = bit.bor(counted.hours or 0, bit.lshift(1, tried))
  local first = math.floor(due / HOUR_MS)
  for more = 0, 23 do
    local free = true
    for away = -2, 2 do free = free and bit.band(counted.hours, bit.lshift(1, (first + more + away) % 24)) == 0 end
    if free then return more == 0 and due or (first + more) * HOUR_MS end
  end
  return due
end

-- Whether a disposition came so often that no redial is left; nobody calls the number then, where the policy says so.
local function is_used_up(policy, count)
  if policy and count <= policy[1] then return false end
  if policy and policy[5] == 'suppress' then suppress() end
  return true
end

-- When an attempt that ended so is followed by another, nil for never. Turns to the number that it dials; one without
-- redials left is spent: the person is dialed at the others.
local function redial_due(disposition, counted)
  local policy = policy_of(disposition)
  local used_up = is_used_up(policy, counted[disposition])
  local follows = not used_up
  counted.last = policy and policy[5] == 'escalate' and disposition or nil
  local all, place = {}, tonumber(redis.call('HGET', ATTEMPT, 'place') or 1)
  turn_to(counted, place)
  if not policy and NEXT_NUMBER[disposition] or policy and policy[6] then all = numbers() end
  if #all > 1 then
    if used_up then counted.spent = bit.bor(counted.spent or 0, bit.lshift(1, place - 1)) end
    local following = next_place(all, place, counted.spent, is_suppressed)
    turn_to(counted, following or place)
    follows = follows or following
  end
  if not follows then return nil end
  local due = NOW + (used_up and 0 or wait_before(counted[disposition], policy))
  return policy and policy[7] and not used_up and at_another_hour(due, counted) or due
end

local function is_capped(counted)
  local most = redis.call('HGET', CAMPAIGN, 'max_tries')
  return most and counted.n >= tonumber(most)
end

-- The attempt ended: redial by the campaign's policy, else done. Returns the call's disposition, '' if it is redialed.
-- Whoever was hung up on by us (`facts`) is not dialed again, whatever the policy says.
local function settle(disposition, facts)
  local counted = tries()
  counted[disposition] = (counted[disposition] or 0) + 1
  local hung_up = bit.band(facts or 0, HUNG_UP) > 0
  local due = not hung_up and redial_due(disposition, counted)
  store_tries(counted)
  local ended = due and not is_capped(counted) and wait(due, disposition) or finish(disposition)
  if ended == disposition and not hung_up then escalate(disposition) end
  return ended
end

-- The attempt ended otherwise than it seemed: take back what followed, and count anew. What was suppressed or escalated stays so.
local function unsettle(disposition)
  local counted = tries()
  redis.call('ZREM', UNDETERMINED, CALL_ID)
  counted[disposition], counted.last = (counted[disposition] or 1) - 1, nil
  if counted.spent then
    local _, place = numbers()
    local spent = bit.band(counted.spent, bit.bnot(bit.lshift(1, place - 1)))
    counted.spent = spent > 0 and spent or nil
  end
  store_tries(counted)
end
