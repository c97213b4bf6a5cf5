-- begin_attempt: the last look before the request leaves, and the intent to place, in one step.
-- KEYS, ARGV[1..4] as in parts/call.lua; its own KEYS: 8 hashes `dialed` of the number, from today on back, then for each named
--         list of suppressed numbers that the campaign keeps to: its zset; then for each other number of the person its hashes `dialed` of
--         today and yesterday; last the hash life
-- ARGV    5 lease deadline of the claim (ms), 6 nonce of this run of the job, 7 place_at_us, 8 token index,
--         9 now_us, 10 latest (us after place_at), 11 lease deadline of the placing (ms), 12 class of the campaign,
--         13 interval_us, 14 the call's address, 15 how many tokens it takes besides its own,
--         16 the call's cohort (0: claimed without windows), 17 each number of the person and the name under which it is
--         suppressed once it was erased, separated by spaces, or '', 18 names of the lists, separated by spaces,
--         19 the beginning of the number that has but a share of the budget and the us between two tokens of it, or '',
--         20 version of the text from which the call's terms follow, 21 the trunk, '' for main,
--         22 the other numbers of the person, separated by spaces, 23 id of the data's life as the worker knows it, '' where it knows none,
--         24 how many attempts it knows to have begun in it
-- returns {1, how many attempts have begun in this life} begun (also when this very run asks again), 0 not ours any more; put back to waiting: 2 campaign not running,
--         3 gate closed, 4 an urgent call wants the token, 5 too late, 8 the number is suppressed, the person's next one is to
--         be dialed, 9 out of hours, 10 the number is held back, 11 no slot, 12 the campaign keeps to other lists, or has another text, now, 13 not within
--         its caps in euro, 14 its breaker is open, 15 that of the trunk is, 16 the data is of another life or older than the worker has seen, or the
--         server is another one, and not all have looked yet whether its data is older;
--         ended: 6 suppressed, 7 expired
-- atomic because a pause, an urgent call or another worker must not fall between the look and the intent
-- include: changes
-- include: call
-- include: doubt
-- include: dialed
-- include: spending
-- include: server
local MOST_AHEAD_US = 20000000
local LAST_LOOK_MS, NEXT_LOOK_MS = 2000, 1000 -- at a number that is up: before the end of its call, and at the earliest
local SERVED_US = 1000000 -- a moment holds so much longer than until the next one: the hopper looks three times a second
local nonce, place_at, now_us = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[9])
local LIFE = KEYS[#KEYS - 5]
local life, begun, known, run, from = unpack(redis.call('HMGET', LIFE, 'id', 'begun', 'known', 'run', 'from'))
begun = tonumber(begun or 0)
if redis.call('HGET', ATTEMPT, 'nonce') == nonce then return {1, begun} end
if tonumber(redis.call('ZSCORE', LEASES, CALL_ID) or 0) ~= tonumber(ARGV[5]) then return 0 end
local due = redis.call('ZSCORE', CLAIMED, SEQ)
local counted = tries()
if not due or counted.n + 1 ~= NUMBER then return 0 end
-- What is told of a call that went back into the line: past its end it has expired there.
local function told_of(ended, code) return ended == 'expired' and 7 or code end
local is_looked_at = not life or run == this_run() and NOW >= tonumber(from)
if known or (life or '') ~= ARGV[23] or begun < tonumber(ARGV[24]) or not is_looked_at then return told_of(wait(due), 16) end

local address, lists = ARGV[14], {}
-- The stretch as it is written down now: a change of the windows deletes it.
local state, kept_to, text, caps, timed, stretch, slots, tripped, euros, spent, spent_day, dearest, override, windows = unpack(redis.call('HMGET', CAMPAIGN,
  'state', 'lists', 'script_version', 'caps', 'timed', 'h' .. ARGV[16], 'slots', 'tripped_until', 'euros', 'spent', 'spent_day', 'dearest',
  'override_windows', 'windows_version'))
if (kept_to or '') ~= ARGV[18] or (text or '1') ~= ARGV[20] then return told_of(wait(due), 12) end
for name in string.gmatch(ARGV[18], '%S+') do lists[#lists + 1] = name end
local function is_listed(name)
  local listed = is_suppressed(name)
  for i = 1, #lists do listed = listed or redis.call('ZSCORE', KEYS[OWN_KEYS + 7 + i], name) end
  return listed
end
local hashes = {}
for number, hash in string.gmatch(ARGV[17], '(%S+) (%S+)') do hashes[number] = hash end
local function is_barred(number)
  return is_listed(number) or hashes[number] and is_listed(hashes[number])
end
if is_barred(address) then
  local all, place = numbers(), counted.place or 1
  local following = next_place(all, place, counted.spent, is_barred)
  if not following then
    finish('suppressed')
    return 6
  end
  turn_to(counted, following)
  store_tries(counted)
  return told_of(wait(due), 8)
end
local function out_of_hours(moment)
  local opens, closes = string.match(stretch or '', '(%d+) (%d+)')
  return timed and not (opens and moment >= tonumber(opens) and moment < tonumber(closes))
end
local function is_limited()
  local up = redis.call('ZCARD', PLACING) + redis.call('ZCARD', UNKNOWN) + redis.call('ZCARD', LIVE)
  if tripped and tonumber(tripped) > NOW then return 14 end
  if up >= (tripped and 1 or tonumber(slots or math.huge)) then return 11 end
  return spent_until(euros, spent, spent_day, dearest, up, NOW) ~= nil and 13
end
local budget = redis.call('HMGET', TRUNK, 'gate', 'tat', 'index', 'tripped_until', 'probe')
-- As in claim_due_calls: an urgent call that has no other trunk waits for no breaker.
local function is_stopped_here()
  local stopped, trunks = tonumber(budget[4] or nil), redis.call('HGET', CAMPAIGN, 'trunks')
  if not stopped or ARGV[12] == '1' and not (trunks and string.find(trunks, ' ', 1, true)) then return false end
  return stopped > NOW or budget[5] ~= CALL_ID
end
local refused = state ~= 'running' and 2
  or tonumber(budget[1] or 0) > NOW and 3
  or ARGV[12] ~= '1' and redis.call('ZCARD', URGENT) > 0 and 4
  or now_us > place_at + tonumber(ARGV[10]) and 5
  or out_of_hours(math.max(NOW, place_at / 1000)) and 9
  or is_stopped_here() and 15
  or is_limited()
if refused then return told_of(wait(due), refused) end
local expires = too_late_at()
if expires and NOW >= expires then
  finish('expired')
  return 7
end
local free_at, why = not_before(address, caps)
-- Whether the number is free by then is looked at while it is not too late yet.
if why == NUMBER_UP and expires then free_at = math.min(free_at, math.max(expires - LAST_LOOK_MS, NOW + NEXT_LOOK_MS)) end
if free_at then return told_of(hold(free_at, why), 10) end
local interval, further = tonumber(ARGV[13]), tonumber(ARGV[15])
-- Numbers that begin alike get no more than their share of the budget: whoever comes too early is given a moment of its own, once,
-- which holds until a little after the next one. An urgent call waits for nobody.
local prefix, apart = string.match(ARGV[19], '(%S+) (%d+)')
local is_its_moment = prefix and counted.moment and place_at >= counted.moment and place_at < counted.moment + apart + SERVED_US
counted.moment = nil
if prefix and ARGV[12] ~= '1' and not is_its_moment then
  local free = tonumber(redis.call('HGET', TRUNK, 'share:' .. prefix) or 0)
  -- It is never further ahead, unless Redis' clock went back.
  if free > place_at + MOST_AHEAD_US + apart + SERVED_US then free = place_at end
  if free > place_at + MOST_AHEAD_US then
    -- No moment is given so far ahead: whoever is cancelled or paused leaves his unused. Looked at again at half of the time that
    -- those who are held back take before it.
    local again = math.min(math.max(MOST_AHEAD_US, redis.call('ZCARD', HELD) * apart / 2), 3600000000)
    return told_of(hold(string.format('%.0f', NOW + again / 1000), PREFIX_SHARE), 10)
  end
  -- Whoever expires before its moment takes none from the others.
  if free <= place_at or not expires or free / 1000 < expires then
    redis.call('HSET', TRUNK, 'share:' .. prefix, string.format('%.0f', math.max(free, place_at - interval) + apart))
  end
  if free > place_at then
    counted.moment = free
    store_tries(counted)
    return told_of(hold(string.format('%.0f', math.ceil(free / 1000)), PREFIX_SHARE), 10)
  end
end
-- Who goes late moves the tokens not given yet, so that no second holds more than it may; a call that will make others
-- takes the next ones with its own.
local owed = math.max(now_us, place_at) + (tonumber(budget[3]) - tonumber(ARGV[8]) + 1) * interval
local tat = math.max(owed, tonumber(budget[2])) + further * interval
if tat > tonumber(budget[2]) then redis.call('HSET', TRUNK, 'tat', string.format('%.0f', tat)) end
if further > 0 then redis.call('HINCRBY', TRUNK, 'index', further) end
move(PLACING, NOW, ARGV[11])
counted.n = NUMBER
store_tries(counted)
redis.call('HINCRBY', CAMPAIGN, 'attempts', 1)
note_dialed(address)
local place_of = OWN_KEYS + 8 + #lists
for other in string.gmatch(ARGV[22], '%S+') do
  leave_number(KEYS[place_of], other)
  leave_number(KEYS[place_of + 1], other)
  place_of = place_of + 2
end
-- What allowed it: version and stretch of the windows, versions of the lists and of the text (`dialer/decisions.py`).
local hours = timed and timed .. ' ' .. stretch or override and windows .. ' ! !' or '- - -'
local allowed = {hours, text or 1, redis.call('HGET', VERSIONS, ALL_CAMPAIGNS) or 0}
for _, name in ipairs(lists) do allowed[#allowed + 1] = name .. ':' .. (redis.call('HGET', VERSIONS, name) or 0) end
redis.call('HSET', ATTEMPT, 'nonce', nonce, 'at', NOW, 'due', due, 'allowed', table.concat(allowed, ' '))
if counted.place then redis.call('HSET', ATTEMPT, 'place', counted.place) end
if ARGV[21] ~= '' then redis.call('HSET', ATTEMPT, 'trunk', ARGV[21]) end
if life then
  begun = begun + 1
  redis.call('HSET', LIFE, 'begun', string.format('%.0f', begun), 'at', NOW)
end
return {1, begun}
