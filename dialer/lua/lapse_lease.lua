-- lapse_lease: a call's deadline has passed; free it, or say that somebody must look.
-- KEYS, ARGV[1..4] as in parts/call.lua
-- ARGV    5 the deadline that was seen to lapse (ms), 6 the next deadline, for whoever looks now (ms)
-- returns 0 not lapsed any more, 1 claimed is waiting again, 2 placing is unknown now, 3 unknown: look, 4 live: look
-- atomic because the holder may wake up and go on at this moment
-- include: changes
-- include: call
if tonumber(redis.call('ZSCORE', LEASES, CALL_ID) or 0) ~= tonumber(ARGV[5]) then return 0 end
local due = redis.call('ZSCORE', CLAIMED, SEQ)
if due then
  wait(due)
  return 1
end
if redis.call('ZSCORE', PLACING, SEQ) then
  redis.call('HSET', ATTEMPT, 'result', 'unknown: worker_lost')
  move(UNKNOWN, NOW, ARGV[6])
  return 2
end
local unknown = redis.call('ZSCORE', UNKNOWN, SEQ)
if not unknown and not redis.call('ZSCORE', LIVE, SEQ) then
  redis.call('ZREM', LEASES, CALL_ID)
  return 0
end
redis.call('ZADD', LEASES, ARGV[6], CALL_ID)
return unknown and 3 or 4
