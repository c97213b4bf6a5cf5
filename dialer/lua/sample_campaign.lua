-- sample_campaign: how a campaign is now, in little.
-- KEYS[1] hash campaign   KEYS[2] zset sleeping   KEYS[3] zset hang_up   KEYS[4] zset waiting   KEYS[5..] the other sets of its calls
-- ARGV    campaign id, now_ms, then the fields of the hash that are wanted
-- returns values of the fields; how many calls are to be hung up; how many are due; the sizes of the sets
-- atomic because a call moving between two counts would be counted twice or never
local fields, now = redis.call('HMGET', KEYS[1], unpack(ARGV, 3)), ARGV[2]
local sleeps, sizes = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or 0), {}
for i = 4, #KEYS do sizes[i - 3] = redis.call('ZCARD', KEYS[i]) end
local running = redis.call('HGET', KEYS[1], 'state') == 'running' and sleeps <= tonumber(now)
return {fields, redis.call('ZCARD', KEYS[3]), running and redis.call('ZCOUNT', KEYS[4], '-inf', now) or 0, sizes}
