-- sum_campaigns: how some open campaigns stand, added up by state, priority and kind.
-- KEYS    for each campaign: hash campaign, zsets waiting, claimed, placing, unknown, live, held
-- ARGV    now_ms, how far the scores of two reasons to hold a call back lie apart (ms), how many such reasons there are
-- returns a row for each state, priority and kind: these, how many campaigns, how many of them are stopped by their breaker, and by
--         the dialer otherwise; calls waiting .. live; since when (ms) the oldest due call waits where they run, 0 for none; since
--         when the oldest unknown call is; calls held back by each reason
-- atomic because a call moving between two counts would be counted twice or never
-- include: opening
local NOW, SPAN, REASONS = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local SETS = 7
local rows, row_of = {}, {}

local function row(state, priority, kind)
  local name = state .. ' ' .. priority .. ' ' .. kind
  if not row_of[name] then
    row_of[name] = {state, priority, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
    for _ = 1, REASONS do table.insert(row_of[name], 0) end
    rows[#rows + 1] = row_of[name]
  end
  return row_of[name]
end

local function earliest(before, key)
  local since = tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or 0)
  if since == 0 or before ~= 0 and before <= since then return before end
  return math.floor(since)
end

-- Nobody waits for us while a campaign is closed: its calls are due from when it opens.
local function due_since(campaign, waiting)
  local due = earliest(0, waiting)
  return due > 0 and math.max(due, opens_at(campaign)) or 0
end

for at = 1, #KEYS, SETS do
  local state, priority, kind, tripped, reason = unpack(redis.call('HMGET', KEYS[at], 'state', 'priority', 'kind', 'tripped_until', 'reason'))
  if state then
    local sums = row(state, priority, kind)
    sums[4] = sums[4] + 1
    if state == 'running' and tripped then sums[5] = sums[5] + 1 end
    if state == 'paused' and reason and reason ~= '' then sums[6] = sums[6] + 1 end
    for set = 1, 5 do sums[6 + set] = sums[6 + set] + redis.call('ZCARD', KEYS[at + set]) end
    local due = state == 'running' and due_since(KEYS[at], KEYS[at + 1]) or 0
    if due > 0 and due <= NOW and (sums[12] == 0 or due < sums[12]) then sums[12] = due end
    sums[13] = earliest(sums[13], KEYS[at + 4])
    if redis.call('EXISTS', KEYS[at + 6]) == 1 then
      for held = 1, REASONS do
        local from, to = string.format('%.0f', held * SPAN + NOW), string.format('(%.0f', (held + 1) * SPAN)
        sums[13 + held] = sums[13 + held] + redis.call('ZCOUNT', KEYS[at + 6], from, to)
      end
    end
  end
end
for _, sums in ipairs(rows) do
  for i = 12, 13 do sums[i] = string.format('%.0f', sums[i]) end
end
return rows
