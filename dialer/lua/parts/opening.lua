-- opening (included): when a campaign opens that is open or closed as a whole. The set `sleeping` does not tell: who is in line
-- stands there too while one of its calls waits for a redial.

-- When its calls may be dialed from (ms); 0 where nothing is known to keep them, or where those of closed cohorts are parked.
local function opens_at(campaign)
  local timed, cohorts, stretch = unpack(redis.call('HMGET', campaign, 'timed', 'cohorts', 'h1'))
  if not timed or tonumber(cohorts or 1) > 1 then return 0 end
  return tonumber(string.match(stretch or '', '^%d+') or 0)
end
