-- brakes (included, behind call): what a campaign is stopped by: a burst of failures, and its caps in euro.
-- Fields of the campaign: `breaker` (its policy: failures, of so many attempts, ms to wait, probe or person), `outcomes` (1 failed,
-- 0 not, newest last), and while it is open `tripped_until` (ms), `tripped_wait`, `tripped_why`, `probes` (that went well since);
-- `euros` (caps in all and a day, what to reserve for a call), `spent`, `spent_day` (day since 1970 and what it cost), `dearest`;
-- all money in 0.00000001 euro, the last digit that the carrier tells.
local MOST_TRIPPED_MS, PROBES, UNITS = 3600000, 3, 100000000
local MOST_PRICE = 1000000 * UNITS
local FAILURES = {failed = true, rejected = true, undetermined = true}

local function trip(bad, of, wait, resume)
  local waited = redis.call('HGET', CAMPAIGN, 'tripped_wait')
  wait = waited and math.min(2 * waited, math.max(MOST_TRIPPED_MS, wait)) or wait
  redis.call('HDEL', CAMPAIGN, 'outcomes', 'probes')
  redis.call('HSET', CAMPAIGN, 'tripped_until', string.format('%.0f', NOW + wait), 'tripped_wait', wait, 'tripped_why', bad .. ' ' .. of)
  -- The sweeper pauses it (complete_campaign).
  if resume == 'person' then redis.call('SADD', CLOSING, CAMPAIGN_ID) end
end

-- An attempt ended. So many failures among the last ones open the breaker; once it has waited, calls go out one by one until so
-- many have gone well, and one that fails opens it again for twice as long.
local function note_outcome(disposition)
  local policy, outcomes, tripped, probes = unpack(redis.call('HMGET', CAMPAIGN, 'breaker', 'outcomes', 'tripped_until', 'probes'))
  if not policy or disposition == 'cancelled' then return end
  local most, of, wait, resume = string.match(policy, '(%d+) (%d+) (%d+) (%a+)')
  if tripped then
    if NOW < tonumber(tripped) then return end
    if FAILURES[disposition] then return trip(1, (probes or 0) + 1, tonumber(wait), resume) end
    if redis.call('HINCRBY', CAMPAIGN, 'probes', 1) >= PROBES then
      redis.call('HDEL', CAMPAIGN, 'probes', 'tripped_until', 'tripped_wait', 'tripped_why')
      redis.call('ZADD', SLEEPING, 'XX', 'LT', NOW, CAMPAIGN_ID)
    end
    return
  end
  outcomes = string.sub((outcomes or '') .. (FAILURES[disposition] and '1' or '0'), -tonumber(of))
  local _, bad = string.gsub(outcomes, '1', '')
  if bad >= tonumber(most) then return trip(bad, #outcomes, tonumber(wait), resume) end
  redis.call('HSET', CAMPAIGN, 'outcomes', outcomes)
end

-- A price as it is added up: no call costs, or is credited, more than a million euros.
local function in_units(told)
  return math.max(-MOST_PRICE, math.min(math.floor(tonumber(told or 0) * UNITS + 0.5), MOST_PRICE))
end

-- The carrier told what an attempt costs, for the first time or otherwise than before.
local function note_price(told, before)
  local price, today = in_units(told), math.floor(NOW / 86400000)
  local more = price - in_units(before)
  if more == 0 then return end
  local euros, dearest, of_day = unpack(redis.call('HMGET', CAMPAIGN, 'euros', 'dearest', 'spent_day'))
  local day, cost = string.match(of_day or '', '(%d+) (%-?%d+)')
  local on_day = (tonumber(day) == today and tonumber(cost) or 0) + more
  redis.call('HSET', CAMPAIGN, 'spent_day', today .. ' ' .. string.format('%.0f', on_day))
  redis.call('HINCRBY', CAMPAIGN, 'spent', string.format('%.0f', more))
  if price > tonumber(dearest or 0) then redis.call('HSET', CAMPAIGN, 'dearest', string.format('%.0f', price)) end
  if not euros then return end
  -- The sweeper looks whether that was all of it (complete_campaign). What costs less than was told leaves more for the next one.
  redis.call('SADD', CLOSING, CAMPAIGN_ID)
  if more < 0 then redis.call('ZADD', SLEEPING, 'XX', 'LT', NOW, CAMPAIGN_ID) end
end
