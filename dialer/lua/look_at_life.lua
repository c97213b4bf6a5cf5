-- look_at_life: what the data's past is, held against what the caller has seen of it; data without a life is given one.
-- KEYS[1] hash life
-- ARGV    id of the life that the caller knows, '' for none; how many attempts it knows to have begun in it; id for data without one;
--         now (ms); how long nothing begins on a server that was not there before, until all have looked (ms)
-- returns id, how many attempts have begun in it, how many somebody knows to have begun where that is more, ids of the lives before, when the last
--         attempt began (ms), how long nothing begins yet (ms)
-- atomic because attempts begin meanwhile
-- include: server
local id, begun, known, before, at, run, from = unpack(redis.call('HMGET', KEYS[1], 'id', 'begun', 'known', 'before', 'at', 'run', 'from'))
if not id then
  id = ARGV[3]
  redis.call('HSET', KEYS[1], 'id', id)
end
local seen, now = tonumber(ARGV[2]), tonumber(ARGV[4])
if id == ARGV[1] and seen > tonumber(begun or 0) and seen > tonumber(known or 0) then
  known = string.format('%.0f', seen)
  redis.call('HSET', KEYS[1], 'known', known)
end
if run ~= this_run() then
  -- Data from before runs were written down was nowhere else yet.
  from = string.format('%.0f', run and now + tonumber(ARGV[5]) or now)
  redis.call('HSET', KEYS[1], 'run', this_run(), 'from', from)
end
return {id, begun, known, before, at, math.max(tonumber(from) - now, 0)}
