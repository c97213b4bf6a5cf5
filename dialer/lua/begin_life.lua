-- begin_life: what the data lacks of its past was dealt with: a new life, and dialing goes on.
-- KEYS[1] hash life, then those of the audit log
-- ARGV    now_ms, the entry of the audit log, id of the life that is over, id of the new one, how many ids of lives before are kept
-- returns 1, or 0 if that life is over already
-- atomic because two may say so at once
-- include: audit
local id, before, run, from = unpack(redis.call('HMGET', KEYS[1], 'id', 'before', 'run', 'from'))
if id ~= ARGV[3] then return 0 end
local lives, kept = id, 1
for one in string.gmatch(before or '', '%S+') do
  kept = kept + 1
  if kept <= tonumber(ARGV[5]) then lives = lives .. ' ' .. one end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'id', ARGV[4], 'before', lives, 'run', run, 'from', from)
note(KEYS[2], KEYS[3], ARGV[1], ARGV[2])
return 1
