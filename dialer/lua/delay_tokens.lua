-- delay_tokens: requests left later than their tokens' moments; move the tokens not given yet by as much.
-- KEYS[1] hash trunk
-- ARGV    when they left (us); of each its token's index and interval_us when that was given
-- returns the time of the next token (us)
-- atomic because tokens are being given meanwhile
local stored = redis.call('HMGET', KEYS[1], 'tat', 'index')
local left, tat, index = tonumber(ARGV[1]), tonumber(stored[1] or 0), tonumber(stored[2] or 0)
local owed = tat
for i = 2, #ARGV, 2 do owed = math.max(owed, left + (index - ARGV[i] + 1) * ARGV[i + 1]) end
if owed == tat then return stored[1] end
redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', owed))
return string.format('%.0f', owed)
