-- record_placement: write down how the carrier answered the request of one attempt.
-- KEYS, ARGV[1..4] as in parts/call.lua; its own KEYS: hashes `dialed` of the number, today's and yesterday's
-- ARGV    5 nonce of the run that began it, 6 what follows: live, back, unknown or a disposition,
--         7 result in words, 8 the carrier's uuid or '', 9 lease deadline (ms) for live and unknown,
--         10 the address that was dialed
-- returns 0 not ours or decided already by an event, else 1, then the call's disposition ('' while it goes on),
--         then how many attempts of this campaign in a row the carrier found malformed
-- atomic because an event may arrive before the carrier's answer is written down
-- include: changes
-- include: call
-- include: breaker
-- include: brakes
-- include: doubt
-- include: dialed
if redis.call('HGET', ATTEMPT, 'nonce') ~= ARGV[5] then return {0, '', 0} end
local follows = ARGV[6]
redis.call('HSET', ATTEMPT, 'result', ARGV[7])
if ARGV[8] ~= '' then redis.call('HSETNX', ATTEMPT, 'uuid', ARGV[8]) end
if follows == 'live' then redis.call('HSET', CAMPAIGN, 'malformed', 0) end
local open = redis.call('ZSCORE', PLACING, SEQ) or redis.call('ZSCORE', UNKNOWN, SEQ)
-- Given up as unknown and in the line again, while this worker slept on the carrier's yes: not a second time.
  or follows == 'live' and redis.call('HEXISTS', ATTEMPT, 'disposition') == 0
    and (redis.call('ZSCORE', WAITING, SEQ) or redis.call('ZSCORE', CLAIMED, SEQ))
local counted = tries()
if not open or counted.n ~= NUMBER then return {0, '', 0} end

if follows == 'live' then
  move(LIVE, NOW, ARGV[9])
elseif follows == 'unknown' then
  move(UNKNOWN, NOW, ARGV[9])
elseif follows == 'back' then
  -- No phone rang: the try is given back and the call keeps its place in the line.
  local due, at = unpack(redis.call('HMGET', ATTEMPT, 'due', 'at'))
  forget_dialed(ARGV[10], tonumber(at))
  counted.n = NUMBER - 1
  store_tries(counted)
  redis.call('DEL', ATTEMPT)
  redis.call('HINCRBY', CAMPAIGN, 'attempts', -1)
  return {1, wait(due), 0}
else
  end_attempt(follows)
  note_outcome(follows)
  return {1, settle(follows), redis.call('HINCRBY', CAMPAIGN, 'malformed', 1)}
end
return {1, '', 0}
