-- complete_campaign: a running campaign with nothing left to do is completed, a cancelled one is closed.
-- KEYS[1] hash campaign   KEYS[2] zset imports   KEYS[3] set closing   KEYS[4] set open   KEYS[5..9] zsets waiting .. live
-- KEYS[10..12] zset ready by class   KEYS[13] list callbacks:told   KEYS[14] zset reaping   KEYS[15] zset ended
-- KEYS[16] stream audit   KEYS[17] hash audit:chain
-- ARGV    campaign id, now_ms
-- returns 1 completed, 0 not now (looked at again when its last call ends), 2 an import is under way (look again)
-- atomic because a call may be added at this moment; and what is over is in the line of those to be deleted, always
-- include: audit
local id = ARGV[1]
local fields = redis.call('HMGET', KEYS[1], 'state', 'total', 'built_in', 'expires_at', 'ended_at', 'retention_days')
local state, total, built_in, expires, ended, days = unpack(fields)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[2])
local left = 0
for i = 5, 9 do left = left + redis.call('ZCARD', KEYS[i]) end
-- One without any call waits for its first, unless it has expired and takes none.
local filled = state == 'running' and (tonumber(total) > 0 or expires and tonumber(expires) <= tonumber(ARGV[2]))
local over = left == 0 and (state == 'cancelled' or filled and built_in ~= '1')
if over and state == 'running' and redis.call('ZCARD', KEYS[2]) > 0 then return 2 end
redis.call('SREM', KEYS[3], id)
if not over then return 0 end
local wanted = redis.call('HGET', KEYS[1], 'tells')
if redis.call('SREM', KEYS[4], id) == 1 and wanted and string.find(wanted, 'campaign.ended', 1, true) then
  redis.call('RPUSH', KEYS[13], 'campaign.ended ' .. id .. ' ' .. (state == 'running' and 'completed' or state) .. ' ' .. ARGV[2])
end
local since = tonumber(state == 'cancelled' and ended or ARGV[2])
if days then
  redis.call('ZADD', KEYS[14], string.format('%.0f', since + days * 86400000), id)
else
  redis.call('ZADD', KEYS[15], string.format('%.0f', since), id)
end
if state == 'cancelled' then return 0 end
for i = 10, 12 do redis.call('ZREM', KEYS[i], id) end
redis.call('HSET', KEYS[1], 'state', 'completed', 'ended_at', ARGV[2])
dialer_did(KEYS[16], KEYS[17], ARGV[2], 'campaign.completed', id, {calls = tonumber(total)})
return 1
