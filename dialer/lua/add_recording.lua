-- add_recording: note a recording that the carrier told of, or that it belongs to one more attempt.
-- KEYS[1] hash attempt     KEYS[2] hash recording     KEYS[3] zset recordings     KEYS[4] zset its campaign's recordings
-- KEYS[5] zset recordings:due     KEYS[6] zset recordings:unfetched     KEYS[7] hash schema     KEYS[8] hash of packed attempts
-- ARGV    1 recording id, 2 attempt id, 3 now_ms, 4 the attempt's field among the packed ones, 5.. fields of a new one
-- returns 0 no such attempt, 1 known, or deleted by somebody, 2 known, but not of this attempt, 3 new
-- atomic because members of a conference tell of one recording at the same moment, at any process
-- include: attempt
local MOST_FIELDS = 128
if not restore(KEYS[1], KEYS[8], ARGV[4]) then return 0 end
local function add()
  -- Its person was erased: what was recorded must not come back.
  if redis.call('HEXISTS', KEYS[1], 'erased') == 1 then return 1 end
  local state = redis.call('HGET', KEYS[2], 'state')
  if state == 'deleted' then return 1 end
  if not state then
    redis.call('HSET', KEYS[2], 'state', 'waiting', 'told', ARGV[3], unpack(ARGV, 5))
    for i = 3, 6 do redis.call('ZADD', KEYS[i], ARGV[3], ARGV[1]) end
  end
  if redis.call('HLEN', KEYS[2]) >= MOST_FIELDS or redis.call('HSETNX', KEYS[2], 'a:' .. ARGV[2], ARGV[3]) == 0 then return 1 end
  redis.call('HSET', KEYS[1], 'r:' .. ARGV[1], ARGV[3])
  return state and 2 or 3
end
local answer = add()
pack_ended(KEYS[1], KEYS[8], ARGV[4], KEYS[7])
return answer
