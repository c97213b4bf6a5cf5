-- dialed (included, behind call): when a number was dialed, by any campaign, and by which call last.
-- A script's own KEYS begin with the hashes `dialed` of the number for today, yesterday and so on: its field is the address, its value
-- the id of the call that dialed it last, `-` once that one dials another number or was sent back, then the moments (ms of that day) in their order.
local DAY_MS, DAYS_KEPT = 86400000, 9
local NUMBER_UP_LOOK_MS = 10000 -- how soon to look whether the number is free again
local TODAY = math.floor(NOW / DAY_MS)

local function note_dialed(address)
  local key = KEYS[OWN_KEYS]
  local before = redis.call('HGET', key, address)
  local moments = before and string.match(before, '^%S+(.*)$') or ''
  redis.call('HSET', key, address, CALL_ID .. moments .. ' ' .. NOW - TODAY * DAY_MS)
  redis.call('PEXPIREAT', key, string.format('%.0f', (TODAY + DAYS_KEPT) * DAY_MS))
end

-- The call is dialed at another number of its person now: this one is free for others, unless the try at it may be up yet.
local function leave_number(key, address)
  local last, moments = string.match(redis.call('HGET', key, address) or '', '^(%S+)(.*)$')
  if last == CALL_ID and tonumber(redis.call('ZSCORE', DOUBTFUL, CALL_ID) or 0) <= NOW then
    redis.call('HSET', key, address, '-' .. moments)
  end
end

-- No phone rang after all.
local function forget_dialed(address, at)
  local day = math.floor(at / DAY_MS)
  -- Neither today nor yesterday: Redis' clock went back over midnight, or nobody answered for days.
  if day ~= TODAY and day ~= TODAY - 1 then return end
  local key = KEYS[OWN_KEYS + TODAY - day]
  local before = redis.call('HGET', key, address)
  if not before then return end
  local last, moments = string.match(before, '^(%S+)(.*)$')
  local left, gone = {}, false
  for moment in string.gmatch(moments, '%d+') do
    if not gone and tonumber(moment) == at - day * DAY_MS then gone = true else left[#left + 1] = moment end
  end
  if #left == 0 then
    redis.call('HDEL', key, address)
  else
    redis.call('HSET', key, address, last .. ' ' .. table.concat(left, ' '))
    -- A number is up once at a time: nobody is there now.
    leave_number(key, address)
  end
end

-- The moments (ms) of today and so many days before, newest first, and whether another call to the number is up.
local function dialed(address, days)
  local moments, is_up = {}, false
  for back = 0, days do
    local stored = redis.call('HGET', KEYS[OWN_KEYS + back], address)
    local last, offsets = string.match(stored or '', '^(%S+)(.*)$')
    if last and back < 2 and last ~= CALL_ID and may_be_up(LEASES, DOUBTFUL, last, NOW) then is_up = true end
    for offset in string.gmatch(offsets or '', '%d+') do moments[#moments + 1] = (TODAY - back) * DAY_MS + offset end
  end
  table.sort(moments, function(one, other) return one > other end)
  return moments, is_up
end

-- Until when (ms) a number must not be dialed and why, by the caps of the call's campaign, if it has any: tries a day and a week (rolling), and
-- the least time in between. nil if it may be dialed.
local function not_before(address, caps)
  -- Whoever is up was dialed today or yesterday; only caps look further back.
  local moments, is_up = dialed(address, caps and 7 or 1)
  local day, week, spacing = string.match(caps or '', '(%d+) (%d+) (%d+)')
  local until_ms, reason = 0, nil
  local function rule(moment, span, why)
    if moment and moment + span > NOW and moment + span > until_ms then until_ms, reason = moment + span, why end
  end
  if caps then
    rule(moments[1], tonumber(spacing), SPACING)
    if tonumber(day) > 0 then rule(moments[tonumber(day)], DAY_MS, DAY_CAP) end
    if tonumber(week) > 0 then rule(moments[tonumber(week)], 7 * DAY_MS, WEEK_CAP) end
  end
  if is_up and not reason then return NOW + NUMBER_UP_LOOK_MS, NUMBER_UP end
  -- Whether its phone rings is not known yet: sent back, it counts for no cap, and nobody would have to wait for days.
  local known_at = reason and is_up and moments[1] + PLACING_MS or 0
  if known_at > NOW and known_at < until_ms then return known_at, NUMBER_UP end
  return reason and until_ms, reason
end
