-- create_api_key: keep a new API key.
-- KEYS[1] hash api-keys
-- ARGV    its id, its record (JSON), how many there may be
-- returns 1 kept, 0 the id is taken, -1 there are as many as there may be
-- atomic because two may be made at once
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return -1 end
return redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
