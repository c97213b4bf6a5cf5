-- spending (included): whether one call more is within a campaign's caps in euro; see parts/brakes.lua for the fields.
-- For each call that is up the campaign's estimate is reserved, or what the dearest one has cost so far.
local DAY_MS = 86400000

-- Of a campaign (fields euros, spent, spent_day, dearest) with so many calls up: nil if one more may go; else until when (ms) not,
-- false if that is for good, and '' where a call that is up may cost less than is reserved.
local function spent_until(euros, spent, spent_day, dearest, up, now_ms)
  local total, day, reserve = string.match(euros or '', '(%d+) (%d+) (%d+)')
  if not total then return nil end
  local today = math.floor(now_ms / DAY_MS)
  local on, cost = string.match(spent_day or '', '(%d+) (%-?%d+)')
  local of_day = tonumber(on) == today and tonumber(cost) or 0
  reserve = math.max(tonumber(reserve), tonumber(dearest or 0))
  local function is_over(cap, so_far, calls) return tonumber(cap) > 0 and so_far + calls * reserve > tonumber(cap) end
  if is_over(total, tonumber(spent or 0), 1) then return false end
  if is_over(day, of_day, 1) then return (today + 1) * DAY_MS end
  if is_over(total, tonumber(spent or 0), up + 1) or is_over(day, of_day, up + 1) then return '' end
  return nil
end
