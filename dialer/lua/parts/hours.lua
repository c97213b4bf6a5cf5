-- hours (included): which of a campaign's waiting calls may be dialed now, by the stretches that `openings.py` works out,
-- and what else a run knows of a campaign.
-- A campaign that keeps windows has a field `timed`, the version of its windows, and for each cohort `h<number>`: closed
-- until the first moment (ms), open until the second one, and then unknown until somebody looks again.
-- A call whose cohort is closed is parked when it comes first in line: due at the opening, a quarter of a microsecond and
-- as many halves as its running number later, so that lists keep their order and no other due time is taken for it.
local MOST_MOVES = 1000 -- calls parked, brought back or released in one run: some 5 ms
local moves_left, seen = MOST_MOVES, {}

local function parked(moment, seq)
  return string.format('%.5f', moment + (2 * seq + 1) * 0.00025)
end

-- Calls that a change of the windows found parked at an opening that is none any more are due now; true when all are.
local function bring_back(campaign, waiting, stored, now_ms)
  local span = (2 * tonumber(stored[4]) + 1) * 0.00025
  for opening in string.gmatch(stored[3], '%d+') do
    -- Twice the moves: between the parked ones stand redials that are due within the same half second, some few.
    local left = redis.call('ZRANGEBYSCORE', waiting, opening, opening + span, 'WITHSCORES', 'LIMIT', 0, 2 * MOST_MOVES)
    for i = 1, #left, 2 do
      if tonumber(parked(tonumber(opening), left[i])) == tonumber(left[i + 1]) then
        if moves_left == 0 then return false end
        moves_left = moves_left - 1
        redis.call('ZADD', waiting, parked(now_ms - span, left[i]), left[i])
      end
    end
  end
  redis.call('HDEL', campaign, 'unpark')
  return true
end

-- What a run knows of a campaign: whether it keeps windows, how many cohorts it has, and its share of the budget; nil if
-- calls are to be brought back or released.
local function known_of(id, campaign, waiting, held, now_ms)
  if not seen[id] then
    local stored = redis.call('HMGET', campaign, 'timed', 'cohorts', 'unpark', 'total', 'expires_at', 'weight', 'slots', 'pace', 'pace_at',
      'tripped_until', 'euros', 'spent', 'spent_day', 'dearest', 'release', 'swept_at')
    if stored[3] and not bring_back(campaign, waiting, stored, now_ms) then return nil end
    if stored[15] then moves_left = release(campaign, waiting, held, now_ms, moves_left) end
    if stored[15] and moves_left == 0 then return nil end
    seen[id] = {
      timed = stored[1], cohorts = tonumber(stored[2] or 1), expires = stored[16] and 0 or tonumber(stored[5] or nil),
      weight = tonumber(stored[6] or 1), slots = tonumber(stored[7] or nil),
      pace = tonumber(stored[8] or nil), pace_at = tonumber(stored[8] and stored[9] or 0),
      tripped = tonumber(stored[10] or nil), money = {stored[11], stored[12], stored[13], stored[14]},
    }
  end
  return seen[id]
end

local function cohort_of(known, cohorts, seq)
  if known.cohorts == 1 then return 1 end
  local bytes = redis.call('GETRANGE', cohorts, 2 * seq, 2 * seq + 1)
  return #bytes == 2 and 256 * string.byte(bytes, 1) + string.byte(bytes, 2) + 1 or 1
end

-- Until when a cohort is closed: false if it is open beyond the limit (ms), nil if somebody must look.
local function closed_until(known, campaign, cohort, now_ms, limit_ms)
  if not known[cohort] then
    local stretch = redis.call('HGET', campaign, 'h' .. cohort)
    local opens, closes = string.match(stretch or '0 0', '(%d+) (%d+)')
    known[cohort] = {tonumber(opens), tonumber(closes)}
  end
  local opens, closes = unpack(known[cohort])
  if closes <= now_ms then return nil end
  if opens > now_ms then return opens end
  return closes <= limit_ms and closes
end
