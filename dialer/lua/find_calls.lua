-- find_calls: in which of a campaign's sets each of some calls stands.
-- KEYS    the zsets   ARGV  running numbers
-- returns for each call the position of its set in KEYS (0 for none) and its score there as text
-- atomic because a call moving between two looks would be seen twice or never
local answer = {}
for i = 1, #ARGV do answer[2 * i - 1], answer[2 * i] = 0, '0' end
for position, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then
    for i, score in ipairs(redis.call('ZMSCORE', key, unpack(ARGV))) do
      if score then answer[2 * i - 1], answer[2 * i] = position, score end
    end
  end
end
return answer
