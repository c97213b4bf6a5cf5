-- confirm_by_hand: note that somebody has confirmed an escalation in another way than by the key.
-- KEYS[1] hash campaign   KEYS[2] hash escalation
-- ARGV    who confirmed, when and who says so (JSON)
-- returns 1 noted, 0 it was noted before and stays as it was, -1 no such escalation, -2 it is over, -3 a draft
-- atomic because it may be over at this moment
local kind, state, over = unpack(redis.call('HMGET', KEYS[1], 'kind', 'state', 'over_at'))
if kind ~= 'escalation' then return -1 end
if redis.call('HEXISTS', KEYS[2], 'by_hand:' .. ARGV[1]) == 1 then return 0 end
if over or state == 'completed' or state == 'cancelled' then return -2 end
if state == 'draft' then return -3 end
return redis.call('HSETNX', KEYS[2], 'by_hand:' .. ARGV[1], ARGV[2])
