-- begin_escalation: begin the escalation of a call that was given up, once.
-- KEYS[1] zset escalating   KEYS[2] hash campaign of the call   KEYS[3] hash escalation   KEYS[4] zset imports
-- KEYS[5] stream audit   KEYS[6] hash audit:chain   KEYS[7..] as parts/create.lua names them
-- ARGV    1 call id, 2 what its campaign begins, as it was read (JSON), 3 the plan (JSON), 4 what keeps it from completing,
--         5 escalation id, 6 now_ms, 7 its end (ms), 8.. fields and values
-- returns 1 begun, 0 it was begun before or the call was erased, -1 its campaign would begin another one by now: read again
-- atomic because two workers may see the call at once, and because its person, or one of the plan, may be erased at this moment
-- include: create
-- include: audit
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
if redis.call('HGET', KEYS[2], 'escalation') ~= ARGV[2] then return -1 end
redis.call('ZREM', KEYS[1], ARGV[1])
local id, now, ends = ARGV[5], ARGV[6], ARGV[7]
if not create({unpack(KEYS, 7)}, id, now, ends, {unpack(ARGV, 8)}) then return 0 end
redis.call('HSET', KEYS[3], 'plan', ARGV[3], 'of', ARGV[1])
redis.call('ZADD', KEYS[4], ends, ARGV[4])
dialer_did(KEYS[5], KEYS[6], now, 'escalation.begun', id, {call_id = ARGV[1]})
return 1
