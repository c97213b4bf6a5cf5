-- drop_suppression_list: forget a named list and all numbers on it, unless a campaign keeps to it.
-- KEYS[1] zset suppressed of the list   KEYS[2] hash suppression   KEYS[3] set open   KEYS[4..] hash campaign, of each in KEYS[3]
-- ARGV    name of the list, then the ids of the campaigns in the order of KEYS
-- returns {1, how many numbers were on it} dropped, {0} there is no such list, {-1} other campaigns are open than those given,
--         {-2, ids} these campaigns are not over and keep to it
-- atomic because a campaign that is created or changed at this moment may name it
local name = ARGV[1]
if redis.call('SCARD', KEYS[3]) ~= #ARGV - 1 then return {-1} end
local keeping = {-2}
for i = 2, #ARGV do
  if redis.call('SISMEMBER', KEYS[3], ARGV[i]) == 0 then return {-1} end
  local state, lists = unpack(redis.call('HMGET', KEYS[2 + i], 'state', 'lists'))
  local is_over = state == 'completed' or state == 'cancelled'
  if lists and not is_over and string.find(' ' .. lists .. ' ', ' ' .. name .. ' ', 1, true) then keeping[#keeping + 1] = ARGV[i] end
end
if redis.call('HEXISTS', KEYS[2], name) == 0 then return {0} end
if #keeping > 1 then return keeping end
local size = redis.call('ZCARD', KEYS[1])
redis.call('UNLINK', KEYS[1])
redis.call('HDEL', KEYS[2], name)
return {1, size}
