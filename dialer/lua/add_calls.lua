-- add_calls: add calls to a campaign, each contact once, however often the list is sent.
-- KEYS[1] hash campaign   KEYS[2] zset waiting   KEYS[3] zset imports   KEYS[4] set closing
-- KEYS[5..8] of a named import, see parts/import.lua
-- KEYS[9..8+b] hash buckets for the next running numbers   KEYS[9+b..] hash known, one for each call, then one for each slot
-- the last KEYS: t zsets, ready of its class on each of its trunks   hash zones   string cohorts   zset expiring:calls   stream changes
--                zset origins
-- ARGV    campaign id, now_ms, due_ms, import id, import lease (ms), first running number the buckets are for,
--         calls a bucket, b (number of buckets), t (number of its trunks), what only some calls have (JSON: `cohorts`, the first of which is that
--         of all calls but those `of` others; `ends`, ms; `slots`, letters; all by position; `import`, what a named import keeps; `origin`, which request brings them), then for each call: digest, record (JSON)
-- returns {-1} no such campaign, {-2, state} it takes no more calls, {-3, next} the buckets are for other numbers,
--         {-4, most} there would be too many calls, and none was added, {-5, row} the named import is at another row, and none was added; else {0, then for each call its running number, negative when it was there before}
-- atomic because the same list may be sent twice at once
-- include: changes
-- include: line
-- include: import
local fields = redis.call('HMGET', KEYS[1], 'state', 'total', 'expires_at', 'most', 'over_at', 'swept_at')
local state, total, expires, most, over, swept = unpack(fields)
if not state then return {-1} end
if state == 'completed' or state == 'cancelled' then return {-2, state} end
if over then return {-2, 'over'} end
if swept or expires and tonumber(expires) <= tonumber(ARGV[2]) then return {-2, 'expired'} end
local seq, first, size = tonumber(total) + 1, tonumber(ARGV[6]), tonumber(ARGV[7])
local buckets = tonumber(ARGV[8])
if seq ~= first then return {-3, seq} end
local answer, calls = {0}, (#ARGV - 10) / 2
local ZONES, COHORTS, EXPIRING_CALLS, CHANGES, ORIGINS = unpack(KEYS, #KEYS - 4)
local some, numbers = cjson.decode(ARGV[10]), {}
local lags = some.import and import_lags(KEYS[5], some.import)
if lags then return {-5, lags} end

-- The number of a cohort in this campaign, given in the order of arrival.
local function number_of(cohort)
  if not numbers[cohort] then
    local next_number = redis.call('HLEN', ZONES) + 1
    local new = redis.call('HSETNX', ZONES, cohort, next_number) == 1
    if new and next_number > 1 then redis.call('HSET', KEYS[1], 'cohorts', next_number) end
    numbers[cohort] = tonumber(redis.call('HGET', ZONES, cohort))
  end
  return numbers[cohort]
end

-- Let a call be found by its numbers (`known.py`): its running number is put to those that stand in their slots.
local FULL = 56  -- with one more running number a value still fits Redis' compact form (limit 64 by default)
local function index(key, letter)
  local latest = redis.call('HGET', key, letter)
  if latest and #latest > FULL then
    redis.call('HSET', key, letter .. redis.call('HINCRBY', key, letter .. '#', 1), latest)
    latest = nil
  end
  redis.call('HSET', key, letter, latest and latest .. ',' .. seq or seq)
end

local slot_keys = 8 + buckets + calls
-- The slots of all calls, each call's in the order of their letters; of one that is there already they are passed over.
local function index_all(i, is_new)
  for letter in string.gmatch(some.slots[tostring(i)] or '', '.') do
    slot_keys = slot_keys + 1
    if is_new then index(KEYS[slot_keys], letter) end
  end
end

local function add(i, bucket, record)
  redis.call('HSET', bucket, seq, record)
  -- Half a microsecond apart (a double still tells that in 2100), so that calls go out in the order of their list.
  redis.call('ZADD', KEYS[2], string.format('%.4f', tonumber(ARGV[3]) + i * 0.0005), seq)
  local before = number_of(some.cohorts[(some.of[tostring(i)] or 0) + 1]) - 1
  if before > 0 then redis.call('SETRANGE', COHORTS, 2 * seq, string.char(math.floor(before / 256), before % 256)) end
  local ends = some.ends[tostring(i)]
  if ends then
    redis.call('HSET', bucket, seq .. 't', cjson.encode({n = 0, x = ends}))
    redis.call('ZADD', EXPIRING_CALLS, string.format('%.0f', ends), ARGV[1] .. '-' .. seq)
  end
end
if most then
  local room, coming = tonumber(most) - tonumber(total), {}
  for i = 1, calls do
    local digest = ARGV[9 + 2 * i]
    if not coming[digest] and redis.call('HEXISTS', KEYS[8 + buckets + i], digest) == 0 then room = room - 1 end
    coming[digest] = true
  end
  if room < 0 then return {-4, most} end
end
for i = 1, calls do
  local digest, record = ARGV[9 + 2 * i], ARGV[10 + 2 * i]
  local known = KEYS[8 + buckets + i]
  local is_new = redis.call('HSETNX', known, digest, seq) == 1
  index_all(i, is_new)
  if is_new then
    add(i, KEYS[9 + math.floor(seq / size) - math.floor(first / size)], record)
    answer[i + 1] = seq
    seq = seq + 1
  else
    answer[i + 1] = -tonumber(redis.call('HGET', known, digest))
  end
end
redis.call('HSET', KEYS[1], 'total', seq - 1, 'touched_at', ARGV[2])
if some.import then
  local accepted = seq - 1 - tonumber(total)
  record_import({unpack(KEYS, 5, 8)}, some.import, ARGV[1], ARGV[4], ARGV[2], accepted, calls - accepted)
end
-- Told once for all that follow one another, so that a million calls of one list cost no more than one.
if some.origin and seq > first then
  local latest = redis.call('ZRANGE', ORIGINS, -1, -1)[1]
  if not latest or string.find(latest, some.origin, 1, true) ~= 1 then redis.call('ZADD', ORIGINS, first, some.origin .. ' ' .. first) end
end
if seq > first then note_change(CHANGES, 'calls ' .. ARGV[1] .. ' waiting ' .. ARGV[2]) end
redis.call('ZADD', KEYS[3], tonumber(ARGV[2]) + tonumber(ARGV[5]), ARGV[4])
if state == 'running' then
  for i = #KEYS - 4 - tonumber(ARGV[9]), #KEYS - 5 do stand_in_line(ARGV[1], KEYS[i]) end
  redis.call('SADD', KEYS[4], ARGV[1])
end
return answer
