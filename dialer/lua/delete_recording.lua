-- delete_recording: forget a recording, and leave a mark by which its file is deleted and no late event brings it back.
-- KEYS[1] hash recording     KEYS[2] zset recordings     KEYS[3] zset its campaign's recordings
-- KEYS[4] zset recordings:due     KEYS[5] zset recordings:unfetched     KEYS[6] hash schema     KEYS[7..] for each attempt that it
--         belongs to: its hash, and that of packed attempts
-- ARGV    1 recording id, 2 now_ms, 3 how long a fetch under way may go on unseen (ms), then for each attempt its field there
-- returns 0 there is none, 1 deleted before, 2 deleted now, -1 it belongs to other attempts by now: read it again
-- atomic because a fetch or an event that comes meanwhile must find either all of it or the mark
-- include: attempt
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return 0 end
if state == 'deleted' then return 1 end
local belongs = 0
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(name, 1, 2) == 'a:' then belongs = belongs + 1 end
end
if belongs ~= #ARGV - 3 then return -1 end
local campaign = redis.call('HGET', KEYS[1], 'campaign')
local held = redis.call('HEXISTS', KEYS[1], 'holder') == 1
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'state', 'deleted', 'campaign', campaign)
for i = 2, 5 do redis.call('ZREM', KEYS[i], ARGV[1]) end
redis.call('ZADD', KEYS[4], held and ARGV[2] + ARGV[3] or ARGV[2], ARGV[1])
for i = 4, #ARGV do
  local attempt, packed = KEYS[2 * i - 1], KEYS[2 * i]
  restore(attempt, packed, ARGV[i])
  redis.call('HDEL', attempt, 'r:' .. ARGV[1])
  pack_ended(attempt, packed, ARGV[i], KEYS[6])
end
return 2
