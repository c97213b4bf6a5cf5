-- tune_budget: let the fleet's pace follow the carrier's answer to one request, or to several that it accepted.
-- KEYS[1] hash trunk   margin (ppm), floor (ppm), floor_until (ms), gate (ms), closed_by (the verdict), streak, accepted, refused; not read here:
--         tat, seen, index (claim_due_calls), share:<prefix>, when its next token is (us, begin_attempt)
-- ARGV    1 verdict: accepted, rate or trouble; 2 now_ms; 3 wait the carrier asked for (ms, 0 none);
--         4 first wait (ms), doubled by each further refusal in a row; 5 longest wait (ms); 6 jitter (factor);
--         7 margin to begin with, 8 step up, 9 least, 10 most (ppm); 11 how long a refused margin is remembered (ms); 12 how many were accepted
-- returns gate_ms, margin_ppm
-- atomic because all workers steer one pace
local now = tonumber(ARGV[2])
local stored = redis.call('HMGET', KEYS[1], 'margin', 'floor', 'floor_until', 'gate', 'streak')
local margin, floor = tonumber(stored[1] or ARGV[7]), tonumber(stored[2] or 0)
local gate, streak = tonumber(stored[4] or 0), tonumber(stored[5] or 0)
if ARGV[1] == 'accepted' then
  -- One that was on its way when the gate closed does not tell that it may open for good.
  if streak > 0 and gate <= now then redis.call('HSET', KEYS[1], 'streak', 0) end
  -- Every hundredth acceptance shrinks the margin by a hundredth, but not to where it was refused lately.
  local count = tonumber(ARGV[12])
  local accepted = redis.call('HINCRBY', KEYS[1], 'accepted', count)
  local hundreds = math.floor(accepted / 100) - math.floor((accepted - count) / 100)
  local least = tonumber(stored[3] or 0) > now and math.max(floor, tonumber(ARGV[9])) or tonumber(ARGV[9])
  for _ = 1, hundreds do margin = math.max(math.floor(margin * 0.99), math.min(least, margin)) end
  if hundreds > 0 then redis.call('HSET', KEYS[1], 'margin', margin) end
  return {gate, margin}
end
redis.call('HINCRBY', KEYS[1], 'refused', 1)
-- Requests that were on their way when the gate closed tell nothing new; a longer wait is believed all the same.
local asked = now + tonumber(ARGV[3])
if gate > now then
  if tonumber(ARGV[3]) > 0 and asked > gate then redis.call('HSET', KEYS[1], 'gate', asked, 'closed_by', ARGV[1]) end
  return {math.max(gate, asked), margin}
end
if ARGV[1] == 'rate' then
  floor = margin + math.floor(tonumber(ARGV[8]) / 2)
  margin = math.min(margin + tonumber(ARGV[8]), tonumber(ARGV[10]))
  redis.call('HSET', KEYS[1], 'margin', margin, 'floor', math.min(floor, margin), 'floor_until', now + tonumber(ARGV[11]))
end
local wait = math.min(tonumber(ARGV[4]) * 2 ^ math.min(streak, 20), tonumber(ARGV[5])) * tonumber(ARGV[6])
gate = tonumber(ARGV[3]) > 0 and asked or now + math.floor(wait)
redis.call('HSET', KEYS[1], 'gate', gate, 'closed_by', ARGV[1], 'streak', streak + 1)
return {gate, margin}
