-- open_step: the next step of a running escalation begins, once.
-- KEYS[1] hash campaign   KEYS[2] hash escalation
-- ARGV    now_ms, number of the opening, counted from 1
-- returns 1 begun, 0 it had begun before, does not follow the one that began last, or the escalation does not run
-- atomic because two workers see at once that it is due, and because it may be confirmed at this moment
local kind, state, over = unpack(redis.call('HMGET', KEYS[1], 'kind', 'state', 'over_at'))
if kind ~= 'escalation' or state ~= 'running' or over then return 0 end
local number = tonumber(ARGV[2])
if number > 1 and redis.call('HEXISTS', KEYS[2], 'opened:' .. (number - 1)) == 0 then return 0 end
return redis.call('HSETNX', KEYS[2], 'opened:' .. number, ARGV[1])
