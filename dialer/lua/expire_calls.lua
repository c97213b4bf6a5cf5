-- expire_calls: calls of one campaign for which it is too late now are not dialed any more.
-- KEYS[1] zset expiring:calls   KEYS[2] zset done:expired   KEYS[3] set closing   KEYS[4] zset waiting   KEYS[5..8] claimed .. live
-- KEYS[9] hash campaign   KEYS[10] list callbacks:told   KEYS[11] zset held   KEYS[12] stream changes   KEYS[13..] for each call its bucket of records
-- ARGV    campaign id, now_ms, when to look again at those that are under way (ms), running numbers
-- returns how many expired; those about whom somebody else is to be alarmed (expire_call) are left to be looked at again
-- atomic because a call may be claimed at this moment; one that was claimed already expires in begin_attempt
-- include: changes
local wanted = redis.call('HGET', KEYS[9], 'tells')
-- As `tell_end` in parts/call.lua does: told by itself, and marked for those that tell a campaign's end in one line.
local function tell_end(bucket, seq)
  local field = seq .. 't'
  local counted = cjson.decode(redis.call('HGET', bucket, field) or '{"n": 0}')
  counted.told, counted.ends = 1, (counted.ends or 0) + 1
  local turn = counted.ends > 1 and ' ' .. counted.ends or ''
  redis.call('RPUSH', KEYS[10], 'call.ended ' .. ARGV[1] .. '-' .. seq .. ' expired ' .. ARGV[2] .. turn)
  redis.call('HSET', bucket, field, cjson.encode(counted))
end

local alarms = redis.call('HEXISTS', KEYS[9], 'escalation') == 1
local function is_left(bucket, seq)
  return alarms and cjson.decode(redis.call('HGET', bucket, seq .. 't') or '{}').last and redis.call('ZSCORE', KEYS[4], seq)
end

local id, now, expired = ARGV[1], ARGV[2], 0
for i = 4, #ARGV do
  local seq, under_way = ARGV[i], false
  for k = 5, 8 do under_way = under_way or redis.call('ZSCORE', KEYS[k], seq) end
  local left = is_left(KEYS[9 + i], seq)
  if not left and redis.call('ZREM', KEYS[4], seq) == 1 then
    redis.call('ZADD', KEYS[2], now, seq)
    redis.call('ZREM', KEYS[11], seq)
    if wanted and string.find(wanted, 'call.ended', 1, true) then tell_end(KEYS[9 + i], seq) end
    note_call(KEYS[12], KEYS[9], KEYS[2], id .. '-' .. seq, now)
    expired = expired + 1
  end
  -- Under way it may come back to the line yet.
  if under_way then
    redis.call('ZADD', KEYS[1], ARGV[3], id .. '-' .. seq)
  elseif not left then
    redis.call('ZREM', KEYS[1], id .. '-' .. seq)
  end
end
if expired > 0 then redis.call('SADD', KEYS[3], id) end
return expired
