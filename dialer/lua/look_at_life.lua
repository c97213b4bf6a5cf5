-- look_at_life: what the data's past is, held against what the caller has seen of it; data without a life is given one.
-- KEYS[1] hash life
-- ARGV    id of the life that the caller knows, '' for none; how many attempts it knows to have begun in it; id for data without one
-- returns id, how many attempts have begun in it, how many somebody knows to have begun where that is more, ids of the lives before, when the last
--         attempt began (ms)
-- atomic because attempts begin meanwhile
local id, begun, known, before, at = unpack(redis.call('HMGET', KEYS[1], 'id', 'begun', 'known', 'before', 'at'))
if not id then
  id = ARGV[3]
  redis.call('HSET', KEYS[1], 'id', id)
end
local seen = tonumber(ARGV[2])
if id == ARGV[1] and seen > tonumber(begun or 0) and seen > tonumber(known or 0) then
  known = string.format('%.0f', seen)
  redis.call('HSET', KEYS[1], 'known', known)
end
return {id, begun, known, before, at}
