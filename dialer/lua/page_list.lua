-- page_list: the next ones of a list of campaigns, newest first.
-- KEYS[1] zset the list
-- ARGV    how many; the id of the last one that was read, '' for none, and when it was created (ms)
-- returns their ids
-- atomic because one that is created in between moves all others; should the last one be gone, those that are older follow
local first = 0
if ARGV[2] ~= '' then
  local rank = redis.call('ZREVRANK', KEYS[1], ARGV[2])
  first = rank and rank + 1 or redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[3], '+inf')
end
return redis.call('ZREVRANGE', KEYS[1], first, first + ARGV[1] - 1)
