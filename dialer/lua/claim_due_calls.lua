-- claim_due_calls: give tokens of a trunk's budget to due calls, urgent first, fair between the campaigns of a class.
-- KEYS[1] hash trunk   KEYS[2] zset leases   KEYS[3] zset sleeping
-- KEYS[4..] for this trunk, then for each other one of the campaigns below: zset up, zset ready by class
-- then KEYS for each campaign that the caller saw ready here, or due on any trunk: hash campaign, zset waiting, zset claimed, string cohorts,
--         zsets held, placing, unknown, live; last the stream changes
-- ARGV    now_us, interval_us (without margin), burst, lead_us (earliest place_at from now), horizon_us, lease_ms,
--         most (calls), inherited_us and inherited_index (a token handed over, 0 if none), margin_ppm (to begin with),
--         slots (calls up at the same time over this trunk, 0 for any number), t (number of trunks in KEYS), the trunk's breaker (`parts/breaker.lua`) or '', the trunk's name, then for each
--         campaign in the order of KEYS: its id, and which of these trunks are its own, the first of them 0: `0 2`
-- returns when the next token is (us), interval_us, for each claim: campaign id, seq, due_ms, place_at_us, index, lease
--         deadline_ms, cohort (0 without windows); ids of campaigns of which nobody knows when they open; 1 if it stopped at
--         its share of parking and shall be asked again
-- atomic because two hoppers must neither take the same call nor the same token
-- include: release
-- include: changes
-- include: hours
-- include: line
-- include: spending
local LATEST_LOOK = 10000000 -- us; Redis' client gives up after five seconds
local SLOTS_LOOK = 5000 -- ms; a slot that gets free wakes its campaign before that (`move` in parts/call.lua)
local PROBE_LOOK = 1000 -- ms; how soon a campaign looks whether a probe by the trunk went well
local PROBE_MS = 30000 -- a probe that is up for so long has not failed: nobody waits until a conference is over
local FULL_LOOK = 200000 -- us; how soon to look whether the trunk has a slot again
local now, lead, burst, most = tonumber(ARGV[1]), tonumber(ARGV[4]), tonumber(ARGV[3]), tonumber(ARGV[7])
local now_ms, limit = math.floor(now / 1000), now + tonumber(ARGV[5])
local stored = redis.call('HMGET', KEYS[1], 'tat', 'index', 'margin', 'gate', 'seen', 'counted', 'breaker', 'tripped_until', 'probe',
  'probe_at')
-- Redis' clock went back (a failover) further than a look may be late: what lay ahead of it lies no further ahead now, and what was over is.
local AHEAD = {[4] = 'gate', [8] = 'tripped_until', [10] = 'probe_at'} -- by their places in `stored`
local has_gone_back = now < tonumber(stored[5] or 0) - LATEST_LOOK
for place, name in pairs(has_gone_back and AHEAD or {}) do
  if tonumber(stored[place] or 0) > now_ms then
    stored[place] = string.format('%.0f', now_ms + math.max(0, stored[place] - math.floor(stored[5] / 1000)))
    redis.call('HSET', KEYS[1], name, stored[place])
  end
end
local tat, index = tonumber(stored[1] or 0), tonumber(stored[2] or 0)
local interval = tonumber(ARGV[2]) * (1 + tonumber(stored[3] or ARGV[10]) / 1000000)
local earliest = math.max(now + lead, tonumber(stored[4] or 0) * 1000)
local UP, URGENT, NORMAL, BACKGROUND = unpack(KEYS, 4, 7)
local slots, trunks = tonumber(ARGV[11]), tonumber(ARGV[12])
local key_of, trunks_of, claims, unknown, cut_short, is_full, early = {}, {}, {}, {}, 0, false, {}
if has_gone_back then tat = math.min(tat, now + interval) end

-- The breaker is as it is set now; without one none is open.
local tripped, probe = tonumber(stored[8] or nil), stored[9]
if ARGV[13] == '' and stored[7] then
  redis.call('HDEL', KEYS[1], 'breaker', 'outcomes', 'probes', 'tripped_until', 'tripped_wait', 'tripped_why', 'probe', 'probe_at')
  tripped = nil
elseif ARGV[13] ~= (stored[7] or '') then
  redis.call('HSET', KEYS[1], 'breaker', ARGV[13])
end

-- The moment of the next token (us), and taking it.
local function token_at()
  return tonumber(ARGV[8]) > 0 and tonumber(ARGV[8]) or math.max(tat - (burst - 1) * interval, earliest)
end

local function take_token(at)
  if tonumber(ARGV[8]) > 0 then return tonumber(ARGV[9]) end
  tat, index = math.max(tat, at) + interval, index + 1
  return index
end

-- In line on all of its trunks: what lets one of them go on lets the others.
local function wake(id)
  redis.call('ZREM', KEYS[3], id)
  local class = redis.call('HGET', KEYS[key_of[id]], 'class')
  if not class then return end
  for place in string.gmatch(trunks_of[id], '%d+') do stand_in_line(id, KEYS[4 + 4 * place + class]) end
end

for i = 15, #ARGV, 2 do
  local id = ARGV[i]
  key_of[id], trunks_of[id] = 4 + 4 * trunks + (i - 15) / 2 * 8, ARGV[i + 1]
  local due = redis.call('ZSCORE', KEYS[3], id)
  if due and tonumber(due) <= now_ms then wake(id) end
end

-- Whoever has no lease any more is not up. Slots that were not counted before may all be taken, by calls of any trunk.
if slots == 0 and stored[6] then
  redis.call('HDEL', KEYS[1], 'counted')
  redis.call('DEL', UP)
elseif slots > 0 and not stored[6] then
  redis.call('HSET', KEYS[1], 'counted', 1)
  redis.call('ZUNIONSTORE', UP, 1, KEYS[2])
end
local function has_no_slot()
  if slots == 0 or is_full then return is_full end
  if redis.call('ZCARD', UP) >= slots then redis.call('ZINTERSTORE', UP, 2, UP, KEYS[2]) end
  return redis.call('ZCARD', UP) >= slots
end

-- A call that stepped back from another trunk leaves its slot there.
local function take_slot(id, call_id)
  for place in string.gmatch(trunks_of[id], '%d+') do redis.call('ZREM', KEYS[4 + 4 * place], call_id) end
  if slots > 0 then redis.call('ZADD', UP, now_ms, call_id) end
end

-- Until when (ms) a campaign's calls do not leave by this trunk, though they may by another: they are refused there, or its breaker
-- is open. One call at a time goes by it after that. An urgent call that has no other trunk waits for no breaker.
local function kept_from_trunk_until(id, ready)
  local has_others = string.find(trunks_of[id], ' ', 1, true)
  local shut = has_others and string.match(redis.call('HGET', KEYS[key_of[id]], 'shut') or '', ' ' .. ARGV[14] .. ':(%d+)')
  if shut and tonumber(shut) > now_ms then return tonumber(shut) end
  if not tripped or ready == URGENT and not has_others then return nil end
  if tripped > now_ms then return tripped end
  local is_young = probe and now_ms < tonumber(stored[10] or 0) + PROBE_MS
  if #claims > 0 or is_young and redis.call('ZSCORE', KEYS[2], probe) then return now_ms + PROBE_LOOK end
end

-- Until when (ms) a campaign takes no token by its own limits; nil if it may take the one of this moment.
local function limited_until(id, known, key, at)
  if known.tripped and known.tripped > now_ms then return known.tripped end
  if known.slots or known.tripped or known.money[1] then
    local up = 0
    for _, set in ipairs({2, 5, 6, 7}) do up = up + redis.call('ZCARD', KEYS[key + set]) end
    -- After the breaker was open calls go out one by one.
    if up >= (known.tripped and 1 or known.slots or math.huge) then return now_ms + SLOTS_LOOK end
    local spent = spent_until(known.money[1], known.money[2], known.money[3], known.money[4], up, now_ms)
    if spent ~= nil then return tonumber(spent or nil) or now_ms + SLOTS_LOOK end
  end
  -- So far ahead it is only where Redis' clock went back since.
  if known.pace and known.pace_at > limit + known.pace + LATEST_LOOK then known.pace_at = 0 end
  if known.pace_at <= at then return nil end
  -- One of the next tokens may be its own.
  if known.pace_at <= limit then early[#early + 1] = id end
  return math.max(now_ms + 1, math.floor((known.pace_at - tonumber(ARGV[5])) / 1000))
end

-- The first call in line of a campaign that may be dialed now; else until when there is none, nil if nothing waits.
-- Where all calls open together, so does the campaign; else the calls of closed cohorts are parked one by one.
local function next_call(id, key, at, ready)
  while true do
    local known = known_of(id, KEYS[key], KEYS[key + 1], KEYS[key + 4], now_ms)
    local call = redis.call('ZRANGE', KEYS[key + 1], 0, 0, 'WITHSCORES')
    if not known or moves_left == 0 then cut_short = 1 end
    if known and not (call[1] and tonumber(call[2]) <= now_ms) then return nil, call[2] end
    -- Past its end it expires in a moment (expire_campaign), also where this clock is behind: nobody who is moved now, past whoever
    -- alarms about them one by one, may be left out.
    if not known or known.expires and known.expires <= now_ms then return nil, now_ms end
    local limited = kept_from_trunk_until(id, ready) or limited_until(id, known, key, at)
    if limited then return nil, limited end
    if not known.timed then return call, 0 end
    local cohort = cohort_of(known, KEYS[key + 3], call[1])
    local opens = closed_until(known, KEYS[key], cohort, now_ms, limit / 1000)
    if opens == false then return call, cohort end
    if opens and known.cohorts == 1 then return nil, opens end
    if not opens then unknown[#unknown + 1] = id end
    if not opens or moves_left == 0 then return nil, now_ms end
    moves_left = moves_left - 1
    -- Not beyond the campaign's end, at which it expires with the others.
    redis.call('ZADD', KEYS[key + 1], parked(math.min(opens, known.expires or opens), call[1]), call[1])
    redis.call('ZREM', KEYS[key + 4], call[1])
  end
end

-- The campaign of a class that was served least and has a due call; those that have none leave the class.
local function next_campaign(ready, at)
  while true do
    local id = redis.call('ZRANGE', ready, 0, 0)[1]
    local key = key_of[id]
    if not key then return nil end
    local call, what = next_call(id, key, at, ready)
    if call then return id, key, call, what end
    redis.call('ZREM', ready, id)
    if what then redis.call('ZADD', KEYS[3], 'LT', what, id) end
  end
end

local function claim_next(ready, latest)
  local at = token_at()
  local id, key, call, cohort = next_campaign(ready, at)
  is_full = has_no_slot()
  if not id or is_full or tonumber(ARGV[8]) == 0 and at > latest then return false end
  local known, token = seen[id], take_token(at)
  if known.pace then
    known.pace_at = math.max(known.pace_at, at - interval) + known.pace -- tokens seldom fall on its moments
    redis.call('HSET', KEYS[key], 'pace_at', string.format('%.0f', known.pace_at))
  end
  local deadline = math.floor(at / 1000) + tonumber(ARGV[6])
  redis.call('ZREM', KEYS[key + 1], call[1])
  redis.call('ZADD', KEYS[key + 2], call[2], call[1])
  note_call(KEYS[#KEYS], KEYS[key], KEYS[key + 2], id .. '-' .. call[1], string.format('%.0f', now_ms))
  redis.call('ZREM', KEYS[key + 4], call[1])
  redis.call('ZADD', KEYS[2], deadline, id .. '-' .. call[1])
  if tripped then
    -- Nobody else goes by it until this one has ended, or is up for a while.
    probe = id .. '-' .. call[1]
    redis.call('HSET', KEYS[1], 'probe', probe, 'probe_at', string.format('%.0f', math.floor(at / 1000)))
  end
  if slots > 0 or trunks > 1 then take_slot(id, id .. '-' .. call[1]) end
  redis.call('ZINCRBY', ready, 1 / known.weight, id)
  claims[#claims + 1] = {id, call[1], call[2], string.format('%.0f', at), token, deadline, cohort}
  return true
end

-- Those for which the token before was too early are in line again for the next one.
local function bring_early_back()
  for i = 1, #early do wake(early[i]) end
  early = {}
end

-- Whoever takes a token makes those the next in line again for whom it was too early: true then, for one of them may be of a
-- higher class. Where nobody knows the hours of a campaign, none behind it gets a token until somebody has looked them up.
local function claim_all(ready, latest)
  repeat
    if #claims >= most or #unknown > 0 or not claim_next(ready, latest) then return false end
  until #early > 0
  return true
end

-- Before a token far ahead come those of calls already claimed, which step back for an urgent one (begin_attempt). So
-- urgent calls take the next token here, and those far ahead only where nobody else would.
repeat
  bring_early_back()
until not (claim_all(URGENT, math.min(limit, earliest + interval)) or claim_all(NORMAL, limit) or claim_all(BACKGROUND, limit)
  or claim_all(URGENT, limit))
next_campaign(URGENT, token_at()) -- begin_attempt steps back for whoever stands here: only those with due calls may
redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', tat), 'index', index, 'seen', ARGV[1])
local next_at = math.max(tat - (burst - 1) * interval, tonumber(stored[4] or 0) * 1000)
if is_full then next_at = math.max(next_at, now + tonumber(ARGV[5]) + FULL_LOOK) end
return {string.format('%.0f', next_at), string.format('%.0f', interval), claims, unknown, cut_short}
