-- attempt (included): an attempt that has ended is packed in the step that ends it, into a hash of its campaign, and is a
-- hash of its own again before anything is done to it. It is never both. Before every program can read that (`schema`), none is packed.
-- include: packed

-- A packed attempt as a hash of its own. Returns whether there is such an attempt, and whether it was packed.
local function restore(attempt, packed, field)
  if redis.call('EXISTS', attempt) == 1 then return true, false end
  local text = redis.call('HGET', packed, field)
  if not text then return false, false end
  redis.call('HSET', attempt, unpack(unpack_fields(text)))
  redis.call('HDEL', packed, field)
  return true, true
end

-- Whoever was given up without an end that was told may be talking yet, and stays as it is.
local function pack_ended(attempt, packed, field, schema)
  local disposition, facts = unpack(redis.call('HMGET', attempt, 'disposition', 'facts'))
  if not disposition or facts and bit.band(facts, ENDINGS) == 0 then return end
  if tonumber(redis.call('HGET', schema, 'needs') or 0) < PACKED_SINCE then return end
  redis.call('HSET', packed, field, pack_fields(redis.call('HGETALL', attempt)))
  redis.call('DEL', attempt)
end
