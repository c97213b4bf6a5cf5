-- take_looks: take the trunks that are due for a look at their lines; nobody else looks there until the look has lapsed, after
--         half as long again as tokens gather: a busy machine needs that, and whoever looked too would make it busier.
-- KEYS[1] zset looks   KEYS[2] zset sleeping   KEYS[3..] for each trunk of the worker: zset ready by class
-- ARGV    now_ms, ahead_ms (a look noted further ahead was so by a clock that went back since), room (calls that the worker may
--         claim, at least 1), then for each trunk in the order of KEYS: its name, gather_ms, most (calls of one look)
-- returns when to ask again (ms, '' if nobody knows), 1 if a trunk has nothing to dial, then the names, longest due first
-- atomic because each look is for one worker
local now, ahead, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local names, found, has_idle = {}, {}, 0
for i = 4, #ARGV, 3 do names[#names + 1] = ARGV[i] end
local looks = redis.call('ZMSCORE', KEYS[1], unpack(names))

-- Whoever wakes is put in line on all of its trunks by a look at any: one that has nothing else to do is taken for that.
local wakes = tonumber(redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2] or nil)
local is_awake = wakes and wakes <= now
local ask_at = not is_awake and wakes
local function ask_by(at) ask_at = math.min(ask_at or at, at) end

for i, name in ipairs(names) do
  local at, gather = tonumber(looks[i] or 0), tonumber(ARGV[3 * i + 2])
  if at > now + ahead then at = 0 end
  local is_idle = redis.call('EXISTS', unpack(KEYS, 3 * i, 3 * i + 2)) == 0
  if is_idle then has_idle = 1 end
  if not is_idle or is_awake and at <= now then
    found[#found + 1] = {at = at, name = name, gather = gather, most = tonumber(ARGV[3 * i + 3])}
    if is_idle then
      is_awake = false
      ask_by(now) -- they are in line then, wherever that is
    end
  elseif is_awake then
    ask_by(at)
  end
end
table.sort(found, function(one, other) return one.at < other.at or one.at == other.at and one.name < other.name end)

-- Whoever has to look anyway looks at those as well that come soon.
local answer, is_due = {'', has_idle}, found[1] and found[1].at <= now
for _, one in ipairs(found) do
  if is_due and room > 0 and one.at - one.gather / 4 <= now then
    room = room - one.most
    redis.call('ZADD', KEYS[1], now + one.gather * 1.5, one.name)
    answer[#answer + 1] = one.name
  else
    ask_by(one.at)
  end
end
if ask_at then answer[1] = string.format('%.0f', math.ceil(ask_at)) end
return answer
