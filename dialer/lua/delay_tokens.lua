-- delay_tokens: a request left later than its token's moment; move the tokens not given yet by as much.
-- KEYS[1] hash trunk
-- ARGV    when the request left (us), index of its token, interval_us when it was given
-- returns the time of the next token (us)
-- atomic because tokens are being given meanwhile
local stored = redis.call('HMGET', KEYS[1], 'tat', 'index')
local tat, given_since = tonumber(stored[1] or 0), tonumber(stored[2] or 0) - tonumber(ARGV[2])
local owed = tonumber(ARGV[1]) + (given_since + 1) * tonumber(ARGV[3])
if owed <= tat then return stored[1] end
redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', owed))
return string.format('%.0f', owed)
