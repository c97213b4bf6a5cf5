-- confirm_by_hand: note that somebody has confirmed an escalation in another way than by the key.
-- KEYS[1] hash campaign   KEYS[2] hash escalation   KEYS[3] zset unconfirmed   KEYS[4] stream changes
-- ARGV    who confirmed, when and who says so (JSON), campaign id, why it is over from now on where it had ended in vain, the reasons
--         of those that had ...
-- returns 1 noted, 0 it was noted before and stays as it was, -1 no such escalation, -2 it is over, -3 a draft
-- atomic because it may be over at this moment
-- include: changes
-- include: takeover
local kind, state, over = unpack(redis.call('HMGET', KEYS[1], 'kind', 'state', 'over_at'))
if kind ~= 'escalation' then return -1 end
if redis.call('HEXISTS', KEYS[2], 'by_hand:' .. ARGV[1]) == 1 then return 0 end
local taken_over = take_over(KEYS[3], KEYS[1], KEYS[4], ARGV[3], ARGV[4], {unpack(ARGV, 5)})
if not taken_over and (over or state == 'completed' or state == 'cancelled') then return -2 end
if state == 'draft' then return -3 end
return redis.call('HSETNX', KEYS[2], 'by_hand:' .. ARGV[1], ARGV[2])
