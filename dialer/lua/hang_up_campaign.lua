-- hang_up_campaign: pause a running campaign and write down every call that is up, or may be, to be hung up.
-- KEYS[1] hash campaign   zsets KEYS[2] placing   KEYS[3] unknown   KEYS[4] live   KEYS[5] hang_up   KEYS[6] hanging-up
-- KEYS[7] zset sleeping   KEYS[8] set closing   KEYS[9..] for each of its trunks: zset ready by class
-- ARGV    campaign id, now_ms
-- returns how many are to be hung up now, those of an earlier asking included; -1 no such campaign
-- atomic because a call placed between the pause and the list would be on neither side
-- include: step
local id, now = ARGV[1], ARGV[2]
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return -1 end
if state == 'running' then step(KEYS[1], id, now, 'paused', '', {KEYS[7], unpack(KEYS, 9)}, KEYS[8]) end
for i = 2, 4 do
  -- NX: whoever is hanging one of them up right now keeps it.
  for _, seq in ipairs(redis.call('ZRANGE', KEYS[i], 0, -1)) do redis.call('ZADD', KEYS[5], 'NX', now, seq) end
end
local left = redis.call('ZCARD', KEYS[5])
if left > 0 then redis.call('ZADD', KEYS[6], now, id) end
return left
