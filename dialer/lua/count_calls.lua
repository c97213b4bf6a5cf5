-- count_calls: the size of each set a campaign's calls can stand in, all at one moment.
-- KEYS    the zsets   (no ARGV)
-- returns their sizes, in order
-- atomic because a call moving between two counts would be counted twice or never
local sizes = {}
for i, key in ipairs(KEYS) do sizes[i] = redis.call('ZCARD', key) end
return sizes
