-- shut_trunk: a campaign's calls do not leave by one of its trunks for a while, for all of them would be refused there.
-- KEYS[1] hash campaign, its field `shut`: each trunk that is shut with the moment (ms) until which, ` south:1800000000000`
-- ARGV    the trunk, until when (ms), now_ms, then all trunks of the campaign
-- returns 1 if none is left that is not shut: nothing is changed then, for the campaign is to be paused; else 0
-- atomic because two workers may be refused by two trunks at once
local shut, left, kept = redis.call('HGET', KEYS[1], 'shut') or '', false, ''
for i = 4, #ARGV do
  local ends = tonumber(string.match(shut, ' ' .. ARGV[i] .. ':(%d+)') or 0)
  if ARGV[i] == ARGV[1] then ends = tonumber(ARGV[2]) end
  if ends <= tonumber(ARGV[3]) then left = true else kept = kept .. ' ' .. ARGV[i] .. ':' .. string.format('%.0f', ends) end
end
if not left then return 1 end
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'shut', kept) end
return 0
