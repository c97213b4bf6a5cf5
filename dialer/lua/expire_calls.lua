-- expire_calls: calls of one campaign for which it is too late now are not dialed any more.
-- KEYS[1] zset expiring:calls   KEYS[2] zset done:expired   KEYS[3] set closing   KEYS[4] zset waiting   KEYS[5..8] claimed .. live
-- ARGV    campaign id, now_ms, when to look again at those that are under way (ms), running numbers
-- returns how many expired
-- atomic because a call may be claimed at this moment; one that was claimed already expires in begin_attempt
local id, now, expired = ARGV[1], ARGV[2], 0
for i = 4, #ARGV do
  local seq, under_way = ARGV[i], false
  for k = 5, 8 do under_way = under_way or redis.call('ZSCORE', KEYS[k], seq) end
  if redis.call('ZREM', KEYS[4], seq) == 1 then
    redis.call('ZADD', KEYS[2], now, seq)
    expired = expired + 1
  end
  -- Under way it may come back to the line yet.
  if under_way then
    redis.call('ZADD', KEYS[1], ARGV[3], id .. '-' .. seq)
  else
    redis.call('ZREM', KEYS[1], id .. '-' .. seq)
  end
end
if expired > 0 then redis.call('SADD', KEYS[3], id) end
return expired
