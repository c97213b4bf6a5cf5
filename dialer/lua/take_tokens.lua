-- take_tokens: the carrier will make calls by itself (a script that connects); the next tokens are theirs.
-- KEYS[1] hash trunk
-- ARGV    how many, now_us, interval_us (without margin), margin_ppm (to begin with)
-- returns the time of the next token (us)
-- atomic because tokens are being given meanwhile
local stored = redis.call('HMGET', KEYS[1], 'tat', 'margin')
local interval = tonumber(ARGV[3]) * (1 + tonumber(stored[2] or ARGV[4]) / 1000000)
local tat = math.max(tonumber(stored[1] or 0), tonumber(ARGV[2])) + tonumber(ARGV[1]) * interval
redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', tat))
redis.call('HINCRBY', KEYS[1], 'index', ARGV[1])
return string.format('%.0f', tat)
