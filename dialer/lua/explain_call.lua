-- explain_call: where one call stands and what is known of its person's numbers, all that decides whether it is dialed.
-- KEYS[1] zset leases   KEYS[2] zset held   KEYS[3] string cohorts   KEYS[4] hash bucket of the call's records
-- KEYS[5..] the sets in which the call can stand, waiting first; then zset suppressed and one for each named list;
--         then for each number of the person 8 hashes `dialed`, from today on back; last zset doubtful
-- ARGV    call id, running number, how many sets there are, how many lists of suppressed numbers, how many numbers, the numbers,
--         then for each the name under which it is suppressed if it was erased, or '', last now_ms
-- returns position of its set in KEYS[5..] (0 for none), its score there, lease deadline (ms, '' for none), score in held or '',
--         cohort (from 1), calls due before it (-1 where it does not wait), its tries (JSON) or '', for each number since when it is suppressed (ms, '' if not),
--         what is noted of it on each of the 8 days ('' for nothing), and the other call to it that is up, or ''
-- atomic because a call that moves meanwhile would be explained by two different moments
-- include: doubt
local id, seq, sets, lists, count = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local where, score = 0, '0'
for i = 1, sets do
  local stands = redis.call('ZSCORE', KEYS[4 + i], seq)
  if stands then where, score = i, stands end
end

local function suppressed_since(number, digest)
  for i = 1, lists do
    local since = redis.call('ZSCORE', KEYS[4 + sets + i], number)
      or digest ~= '' and redis.call('ZSCORE', KEYS[4 + sets + i], digest)
    if since then return since end
  end
  return ''
end

local function seen(i)
  local number, days, other = ARGV[5 + i], {}, ''
  for back = 0, 7 do
    local noted = redis.call('HGET', KEYS[4 + sets + lists + 8 * (i - 1) + back + 1], number) or ''
    local last = string.match(noted, '^%S+')
    if last and back < 2 and last ~= id and may_be_up(KEYS[1], KEYS[#KEYS], last, tonumber(ARGV[#ARGV])) then other = last end
    days[back + 1] = noted
  end
  return {suppressed_since(number, ARGV[5 + count + i]), days, other}
end

local numbers = {}
for i = 1, count do numbers[i] = seen(i) end
local bytes = redis.call('GETRANGE', KEYS[3], 2 * seq, 2 * seq + 1)
local cohort = #bytes == 2 and 256 * string.byte(bytes, 1) + string.byte(bytes, 2) + 1 or 1
return {
  where, score, redis.call('ZSCORE', KEYS[1], id) or '', redis.call('ZSCORE', KEYS[2], seq) or '', cohort,
  redis.call('ZRANK', KEYS[5], seq) or -1, redis.call('HGET', KEYS[4], seq .. 't') or '', numbers,
}
