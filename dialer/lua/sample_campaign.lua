-- sample_campaign: how a campaign is now, in little.
-- KEYS[1] hash campaign   KEYS[2] zset hang_up   KEYS[3] zset waiting   KEYS[4..] the other sets of its calls
-- ARGV    now_ms, then the fields of the hash that are wanted
-- returns values of the fields; how many calls are to be hung up; how many are due; the sizes of the sets
-- atomic because a call moving between two counts would be counted twice or never
-- include: opening
local fields, now, sizes = redis.call('HMGET', KEYS[1], unpack(ARGV, 2)), ARGV[1], {}
for i = 3, #KEYS do sizes[i - 2] = redis.call('ZCARD', KEYS[i]) end
local running = redis.call('HGET', KEYS[1], 'state') == 'running' and opens_at(KEYS[1]) <= tonumber(now)
return {fields, redis.call('ZCARD', KEYS[2]), running and redis.call('ZCOUNT', KEYS[3], '-inf', now) or 0, sizes}
