-- breaker (included): a burst of failed attempts stops what they belong to, a campaign or a trunk.
-- Fields of its hash: `breaker` (the policy: failures, of so many attempts, ms to wait, probe or person), `outcomes` (1 failed, 0 not,
-- newest last), and while it is open `tripped_until` (ms), `tripped_wait`, `tripped_why`, `probes` (that went well since).
local MOST_TRIPPED_MS, PROBES = 3600000, 3
local FAILURES = {failed = true, rejected = true, undetermined = true}

local function trip(hash, bad, of, wait, now)
  local waited = redis.call('HGET', hash, 'tripped_wait')
  wait = waited and math.min(2 * waited, math.max(MOST_TRIPPED_MS, wait)) or wait
  redis.call('HDEL', hash, 'outcomes', 'probes')
  redis.call('HSET', hash, 'tripped_until', string.format('%.0f', now + wait), 'tripped_wait', wait, 'tripped_why', bad .. ' ' .. of)
  return 'opened'
end

-- An attempt ended. So many failures among the last ones open the breaker; once it has waited, calls go out one by one until so
-- many have gone well, and one that fails opens it again for twice as long. Returns `opened` or `closed` where it was that one,
-- and then `person` or `probe`: who is to look.
local function count_outcome(hash, disposition, now)
  local policy, outcomes, tripped, probes = unpack(redis.call('HMGET', hash, 'breaker', 'outcomes', 'tripped_until', 'probes'))
  if not policy or disposition == 'cancelled' then return nil end
  local most, of, wait, resume = string.match(policy, '(%d+) (%d+) (%d+) (%a+)')
  if tripped then
    if now < tonumber(tripped) then return nil end
    if FAILURES[disposition] then return trip(hash, 1, (probes or 0) + 1, tonumber(wait), now), resume end
    if redis.call('HINCRBY', hash, 'probes', 1) < PROBES then return nil end
    redis.call('HDEL', hash, 'probes', 'tripped_until', 'tripped_wait', 'tripped_why')
    return 'closed', resume
  end
  outcomes = string.sub((outcomes or '') .. (FAILURES[disposition] and '1' or '0'), -tonumber(of))
  local _, bad = string.gsub(outcomes, '1', '')
  if bad >= tonumber(most) then return trip(hash, bad, #outcomes, tonumber(wait), now), resume end
  redis.call('HSET', hash, 'outcomes', outcomes)
end
