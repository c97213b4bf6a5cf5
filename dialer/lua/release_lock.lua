-- release_lock: delete a key if it still holds what its owner put there.
-- KEYS[1] string  {dialer}:token:lock (the owner's random value), or {dialer}:token (the token as JSON)
-- ARGV    value (exactly as it was set)
-- returns 1 deleted, 0 gone or somebody else's by now
-- atomic because the key may lapse and be taken by another between our look and our delete
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
