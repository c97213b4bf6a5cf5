-- read_attempts: the fields of attempts, whether they are packed or not.
-- KEYS    for each attempt: its hash, and that of its campaign's packed attempts
-- ARGV    for each its field there
-- returns for each its fields and values in turn, none for one that is not there
-- atomic because it may be packed at this moment
-- include: packed
local answer = {}
for i = 1, #ARGV do
  local fields = redis.call('HGETALL', KEYS[2 * i - 1])
  local text = #fields == 0 and redis.call('HGET', KEYS[2 * i], ARGV[i])
  answer[i] = text and unpack_fields(text) or fields
end
return answer
