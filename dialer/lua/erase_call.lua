-- erase_call: end a call that is not up, and leave of one that is over nothing by which its person could be told.
-- KEYS, ARGV[1..4] as in parts/call.lua, of the call's newest attempt; before the last five KEYS: hash erasure,
--         zset expiring:calls, zset hang_up, zset hanging-up, the call's attempts, hashes known
-- ARGV    5 the record as it was read, 6 how many attempts, 7 '1': hang it up where it is up,
--         8 how long its last webhooks may take (ms), 9.. for each hash known its field
-- returns 0 it is not as it was read, 1 erased, 2 it is up: not dialed again after that, 3 over, but its webhooks may be on their way,
--         or given up while it may be up, 4 recordings of it are to be deleted first
-- atomic because the call may be begun, or its end be told, at this moment
-- include: changes
-- include: call
-- include: index
local count, known = tonumber(ARGV[6]), #ARGV - 8
local base = #KEYS - 5 - known - count - 4
local ERASURE, EXPIRING_CALLS, HANG_UP, HANGING_UP = unpack(KEYS, base + 1, base + 4)
local counted = tries()
if redis.call('HGET', CALLS, SEQ) ~= ARGV[5] or counted.n ~= count then return 0 end

if redis.call('ZSCORE', PLACING, SEQ) or redis.call('ZSCORE', UNKNOWN, SEQ) or redis.call('ZSCORE', LIVE, SEQ) then
  -- Too late for any further try: so it ends as this one does.
  counted.x = math.min(counted.x or NOW, NOW)
  -- Nobody is alarmed about who is to be forgotten.
  if redis.call('HEXISTS', CAMPAIGN, 'escalation') == 1 then counted.escalated = counted.escalated or 0 end
  store_tries(counted)
  if ARGV[7] == '1' then
    redis.call('ZADD', HANG_UP, 'NX', NOW, SEQ)
    redis.call('ZADD', HANGING_UP, NOW, CAMPAIGN_ID)
  end
  return 2
end
if redis.call('ZSCORE', WAITING, SEQ) or redis.call('ZSCORE', CLAIMED, SEQ) then
  finish('cancelled')
  redis.call('HINCRBY', ERASURE, 'n:calls_cancelled', 1)
  counted = tries()
end
-- Given up, it may be talking yet: whoever opts out then is known by his number.
if tonumber(redis.call('ZSCORE', DOUBTFUL, CALL_ID) or 0) > NOW then return 3 end
for disposition in pairs(DISPOSITIONS) do
  local ended = redis.call('ZSCORE', done_key(disposition), SEQ)
  if count > 0 and ended and tonumber(ended) > NOW - tonumber(ARGV[8]) then return 3 end
end
-- One of its attempts as a hash of its own, while this looks at it or changes it.
local function opened(number, look)
  local key, field = KEYS[base + 4 + number], SEQ .. '-' .. number
  restore(key, PACKED, field)
  local answer = look(key)
  pack_ended(key, PACKED, field, SCHEMA)
  return answer
end
local function is_recorded(key)
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, 1, 2) == 'r:' then return true end
  end
end
for number = 1, count do
  if opened(number, is_recorded) then return 4 end
end

-- What stays of an attempt: when, how it ended, what it cost, and of its events their kinds and moments.
local STAYS = {
  at = true, allowed = true, due = true, facts = true, disposition = true,
  ['f:duration_s'] = true, ['f:price'] = true, ['f:rate'] = true,
}
local function erase_attempt(key)
  local removed = 0
  for _, field in ipairs(redis.call('HKEYS', key)) do
    local value = redis.call('HGET', key, field)
    if not STAYS[field] then
      redis.call('HDEL', key, field)
      removed = removed + 1
    end
    if field == 'result' then redis.call('HSET', key, field, string.match(value, '^%l+: [%l_]+') or string.match(value, '^%l+') or '') end
    local kind = string.match(field, '^(e:[^:]*:%d*:)')
    local received = kind and string.match(value, '^%[(%d+)')
    if received then redis.call('HSET', key, kind, '[' .. received .. ']') end
  end
  if removed > 0 then redis.call('HSET', key, 'erased', 1) end
  return removed
end
for number = 1, count do
  local removed = opened(number, erase_attempt)
  if removed > 0 then redis.call('HINCRBY', ERASURE, 'n:attempts', 1) end
  redis.call('HINCRBY', ERASURE, 'n:attempt_fields', removed)
end
for i = 1, known do redis.call('HINCRBY', ERASURE, 'n:index_entries', unindex(KEYS[base + 4 + count + i], ARGV[8 + i], SEQ)) end
counted.place, counted.spent, counted.erased = nil, nil, 1
if redis.call('ZREM', ESCALATING, CALL_ID) == 1 then counted.escalated = nil end
store_tries(counted)
redis.call('ZREM', EXPIRING_CALLS, CALL_ID)
redis.call('HSET', CALLS, SEQ, '["erased"]')
redis.call('HINCRBY', ERASURE, 'n:calls', 1)
return 1
