-- brakes (included, behind call and breaker): what a campaign is stopped by: a burst of failures, and its caps in euro.
-- Fields of the campaign: those of its breaker; `euros` (caps in all and a day, what to reserve for a call), `spent`, `spent_day`
-- (day since 1970 and what it cost), `dearest`; all money in 0.00000001 euro, the last digit that the carrier tells.
local UNITS = 100000000
local MOST_PRICE = 1000000 * UNITS

local function note_outcome(disposition)
  local turned, resume = count_outcome(CAMPAIGN, disposition, NOW)
  if turned == 'closed' then redis.call('ZADD', SLEEPING, 'XX', 'LT', NOW, CAMPAIGN_ID) end
  -- The sweeper pauses it (complete_campaign).
  if turned == 'opened' and resume == 'person' then redis.call('SADD', CLOSING, CAMPAIGN_ID) end
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
