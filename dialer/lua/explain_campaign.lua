-- explain_campaign: in how many parts a campaign's calls fall by why they are not being dialed, and what that hangs on.
-- KEYS[1] hash campaign   KEYS[2] zset held   KEYS[3] hash zones   KEYS[4] hash trunk   KEYS[5] zset leases   KEYS[6] zset workers
-- KEYS[7..9] zset ready by class   KEYS[10] zset waiting   KEYS[11..] the other sets in which its calls stand
-- ARGV    now_ms, since when a worker is heard from that is alive (ms), how many reasons to be held back there are
-- returns the campaign's fields; its zones; size of each set from KEYS[10] on; how many are due; how many are due later for no
--         reason of their own, and from when (ms, '' for none); for each reason to be held back how many, and the first's end;
--         for each opening at which calls are parked: when (ms) and how many; of the trunk: tat, gate, closed_by, margin, tripped_until, tripped_why;
--         size of leases; workers alive; sizes of ready by class; since when (ms) the oldest is unknown
--         (nothing but sizes, counts between scores and single members: a million calls cost what ten do)
-- atomic because the parts must add up to the campaign's size; it changes nothing
-- include: parking
local now = tonumber(ARGV[1])
local fields = redis.call('HGETALL', KEYS[1])
local campaign = {}
for i = 1, #fields, 2 do campaign[fields[i]] = fields[i + 1] end
local sizes = {}
for i = 10, #KEYS do sizes[#sizes + 1] = redis.call('ZCARD', KEYS[i]) end

local function first_after(key, least, most)
  return redis.call('ZRANGEBYSCORE', key, '(' .. string.format('%.5f', least), most, 'WITHSCORES', 'LIMIT', 0, 1)
end

local function between(key, least, most)
  return redis.call('ZCOUNT', key, '(' .. string.format('%.5f', least), string.format('%.5f', most))
end

-- Those whose cap was loosened since are due, though they were not put back in line yet.
local released = 0
local function is_released(reason) return string.find((campaign.release or '') .. ' ', ' ' .. reason .. ' ', 1, true) end

local held, held_count = {}, 0
for reason = 1, tonumber(ARGV[3]) do
  local base = reason * HELD_SPAN
  local count = between(KEYS[2], base + now, base + HELD_SPAN - 1)
  if is_released(reason) then released, count = released + count, 0 end
  local first = count > 0 and first_after(KEYS[2], base + now, '+inf')[2] - base or 0
  held[reason], held_count = {count, string.format('%.0f', first)}, held_count + count
end

-- What is parked between two moments: all that is due there and not held back until then.
local function parked_between(least, most)
  local count = between(KEYS[10], least, most)
  for reason = 1, tonumber(ARGV[3]) do
    if count > 0 then count = count - between(KEYS[2], reason * HELD_SPAN + least, reason * HELD_SPAN + most) end
  end
  return count
end

-- Two openings so near to each other that those parked at them mingle are told as the first one's.
local due = redis.call('ZCOUNT', KEYS[10], '-inf', now)
local parked, parked_count, brought, last, spans = {}, 0, 0, now, {}
for _, opening in ipairs(openings_of(campaign, now)) do
  local least, most = math.max(opening, last), opening + parking_span(campaign)
  local count = parked_between(least, most)
  if campaign.unpark then brought = brought + count else parked[#parked + 1] = {string.format('%.0f', opening), count} end
  if not campaign.unpark then parked_count = parked_count + count end
  spans[#spans + 1], last = {least, most}, most
end
due = due + brought + released
local later = sizes[1] - due - held_count - parked_count

-- The first that is due later: past those that are held back, some few at most, and past all that are parked.
local MOST_PASSED = 20
local function first_later()
  local from, found = now, nil
  for _ = 1, MOST_PASSED do
    found = first_after(KEYS[10], from, '+inf')
    if not found[1] then return '' end
    from = tonumber(found[2])
    local is_other = redis.call('ZSCORE', KEYS[2], found[1])
    for _, span in ipairs(spans) do
      if from > span[1] and from <= span[2] then is_other, from = true, span[2] end
    end
    if not is_other then return found[2] end
  end
  return string.format('%.0f', from)
end

local unknown = redis.call('ZRANGE', KEYS[13], 0, 0, 'WITHSCORES')
return {
  fields, redis.call('HGETALL', KEYS[3]), sizes, due, later, later > 0 and first_later() or '', held, parked,
  redis.call('HMGET', KEYS[4], 'tat', 'gate', 'closed_by', 'margin', 'tripped_until', 'tripped_why'),
  redis.call('ZCARD', KEYS[5]), redis.call('ZCOUNT', KEYS[6], ARGV[2], '+inf'),
  {redis.call('ZCARD', KEYS[7]), redis.call('ZCARD', KEYS[8]), redis.call('ZCARD', KEYS[9])},
  unknown[2] or '',
}
