-- create (included): store a new campaign and put it into the lists; false where it is there already, and is left as it is.
-- The names: hash campaign, zset campaigns, set open, zset expiring, then zsets, others that list it. Without an end, that is ''.
local function create(names, id, created, ends, fields)
  if redis.call('EXISTS', names[1]) == 1 then return false end
  redis.call('HSET', names[1], unpack(fields))
  redis.call('ZADD', names[2], created, id)
  redis.call('SADD', names[3], id)
  for i = 5, #names do redis.call('ZADD', names[i], created, id) end
  if ends ~= '' then redis.call('ZADD', names[4], ends, id) end
  return true
end
