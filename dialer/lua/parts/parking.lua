-- parking (included): where calls of a campaign may be parked, as `hours.lua` parks them.
-- Each opening's calls stand behind it within a span that grows with the campaign.
local function parking_span(campaign)
  return (2 * tonumber(campaign.total) + 1) * 0.00025
end

-- The openings ahead (ms), soonest first, each once. A campaign of one cohort sleeps as a whole: it parks nobody.
local function openings_of(campaign, now)
  local moments, seen = {}, {}
  local function add(moment)
    if moment and tonumber(moment) > now and not seen[moment] then
      seen[moment], moments[#moments + 1] = true, tonumber(moment)
    end
  end
  if campaign.unpark then
    for opening in string.gmatch(campaign.unpark, '%d+') do add(opening) end
  elseif campaign.timed and tonumber(campaign.cohorts or 1) > 1 then
    for cohort = 1, tonumber(campaign.cohorts) do
      add(string.match(campaign['h' .. cohort] or '', '^%d+'))
    end
    add(campaign.expires_at)
  end
  table.sort(moments)
  return moments
end
