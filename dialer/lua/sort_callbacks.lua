-- sort_callbacks: put lines that scripts wrote into the queues of their receivers, in their order.
-- KEYS[1] list callbacks:told   KEYS[2] hash callbacks   KEYS[3] zset callbacks:due   KEYS[4] zset callbacks:pending
-- KEYS[5..] for each line the zset of its receiver
-- ARGV    now_ms, then for each line: the line, callback id, message (JSON), of when it is (ms), receiver ('': nobody's any more)
-- returns how many lines were taken
-- atomic because every worker sorts, and a line must be in exactly one place
local now, taken = tonumber(ARGV[1]), 0
for i = 2, #ARGV, 5 do
  local id, receiver = ARGV[i + 1], ARGV[i + 4]
  if redis.call('LINDEX', KEYS[1], 0) ~= ARGV[i] then break end
  redis.call('LPOP', KEYS[1])
  -- One that waits already, or was given up, is not told anew.
  if receiver ~= '' and redis.call('HSETNX', KEYS[2], id, ARGV[i + 2]) == 1 then
    redis.call('ZADD', KEYS[5 + taken], string.format('%.4f', now + taken * 0.0005), id)
    redis.call('ZADD', KEYS[4], ARGV[i + 3], id)
    -- NX: whoever sends to this receiver right now keeps it.
    redis.call('ZADD', KEYS[3], 'NX', now, receiver)
  end
  taken = taken + 1
end
return taken
