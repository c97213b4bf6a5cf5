-- read_changes: what changed since a place in the stream of changes, which is begun where there is none, and kept while somebody reads.
-- KEYS[1] stream changes
-- ARGV    place to go on from, '' for its end; how many at the most; how long changes are written after this look (ms)
-- returns 1, or 0 where it is not known any more what came after that place, or it lies ahead of all; the place read up to;
--         for each change its place and what it was
-- atomic because a change between the look at the oldest and the reading could be lost
local function number(place)
  local ms, seq = string.match(place, '(%d+)-(%d+)')
  return tonumber(ms), tonumber(seq)
end
local function is_before(one, other)
  local ms, seq = number(one)
  local other_ms, other_seq = number(other)
  return ms < other_ms or ms == other_ms and seq < other_seq
end
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('XADD', KEYS[1], '*', 'what', 'begun') end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1][1]
local latest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1][1]
if ARGV[1] == '' then return {1, latest, {}} end
if is_before(ARGV[1], oldest) or is_before(latest, ARGV[1]) then return {0, latest, {}} end
local changes, place = {}, ARGV[1]
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '(' .. place, '+', 'COUNT', ARGV[2])) do
  place = entry[1]
  changes[#changes + 1] = {place, entry[2][2]}
end
return {1, place, changes}
