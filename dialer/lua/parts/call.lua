-- call (included): the keys of one call and the moves that more than one script makes.
-- KEYS    1 hash campaign; zsets 2 waiting, 3 claimed, 4 placing, 5 unknown, 6 live; 7 zset leases; 8 zset sleeping;
--         9 set closing; 10 hash trunk; 11 zset ready:urgent; 12 zset suppressed; 13.. zset done:<disposition> in the order of
--         `dispositions.py`; last the list callbacks:told, the call's bucket of records and the attempt
-- ARGV    1 campaign id, 2 running number of the call, 3 number of the attempt, 4 now (ms); the rest is the script's own
local CAMPAIGN, WAITING, CLAIMED, PLACING, UNKNOWN, LIVE, LEASES, SLEEPING, CLOSING, TRUNK, URGENT, SUPPRESSED = unpack(KEYS, 1, 12)
local TOLD, CALLS, ATTEMPT = unpack(KEYS, #KEYS - 2)
local CAMPAIGN_ID, SEQ, NUMBER, NOW = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local CALL_ID = CAMPAIGN_ID .. '-' .. SEQ
local ATTEMPT_ID = CALL_ID .. '-' .. ARGV[3]

local function done_key(disposition)
  return KEYS[12 + DISPOSITIONS[disposition]]
end

-- Take the call out of whichever set it stands in and put it into another, as of a score; a lease only where given.
local function move(set, score, deadline)
  for i = 2, 6 do redis.call('ZREM', KEYS[i], SEQ) end
  redis.call('ZADD', set, score, SEQ)
  if deadline then redis.call('ZADD', LEASES, deadline, CALL_ID) else redis.call('ZREM', LEASES, CALL_ID) end
end

local function tries()
  local stored = redis.call('HGET', CALLS, SEQ .. 't')
  return stored and cjson.decode(stored) or {n = 0}
end

local function store_tries(counted)
  redis.call('HSET', CALLS, SEQ .. 't', cjson.encode(counted))
end

-- Write down what the customer's own system is to be told, where the campaign asks for it. Returns whether it does.
local function tell(event, subject, word)
  local wanted = redis.call('HGET', CAMPAIGN, 'tells')
  if not wanted or not string.find(wanted, event, 1, true) then return false end
  redis.call('RPUSH', TOLD, event .. ' ' .. subject .. ' ' .. word .. ' ' .. ARGV[4])
  return true
end

local function end_attempt(disposition)
  redis.call('HSET', ATTEMPT, 'disposition', disposition)
  tell('attempt.ended', ATTEMPT_ID, disposition)
end

local function finish(disposition)
  move(done_key(disposition), NOW)
  if tell('call.ended', CALL_ID, disposition) then
    -- Calls that end with their campaign are told by one line for all of them; this mark takes this one out of those.
    local counted = tries()
    counted.told = 1
    store_tries(counted)
  end
  if redis.call('ZCARD', WAITING) == 0 then redis.call('SADD', CLOSING, CAMPAIGN_ID) end
  return disposition
end

-- Back to waiting, due at a moment; what a cancelled campaign gets back is cancelled, and what could not be dialed before
-- its campaign expires has ended: as it did last, or as expired.
local function wait(due, last)
  local state, expires = unpack(redis.call('HMGET', CAMPAIGN, 'state', 'expires_at'))
  if state == 'cancelled' then return finish('cancelled') end
  if expires and math.max(due, NOW) >= tonumber(expires) then return finish(last or 'expired') end
  move(WAITING, due)
  if state == 'running' then redis.call('ZADD', SLEEPING, 'LT', due, CAMPAIGN_ID) end
  return ''
end

-- The attempt ended: redial by the campaign's policy, else done. Returns the call's disposition, '' if it is redialed.
-- Whoever was hung up on by us (`facts`) is not dialed again, whatever the policy says.
local function settle(disposition, facts)
  local counted = tries()
  counted[disposition] = (counted[disposition] or 0) + 1
  store_tries(counted)
  if bit.band(facts or 0, HUNG_UP) > 0 then return finish(disposition) end
  local policy = cjson.decode(redis.call('HGET', CAMPAIGN, 'redial'))[disposition]
  if policy and counted[disposition] <= policy[1] then return wait(NOW + policy[2], disposition) end
  return finish(disposition)
end
