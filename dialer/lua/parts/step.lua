-- step (included): give a campaign another state, at a moment (ms), and take it out of every line in which a hopper looks.
local function step(campaign, id, now, state, reason, lines, closing)
  redis.call('HSET', campaign, 'state', state, 'reason', reason, 'touched_at', now)
  for _, line in ipairs(lines) do redis.call('ZREM', line, id) end
  redis.call('SADD', closing, id)
end
