-- step (included): give a campaign another state and take it out of every line in which a hopper looks.
local function step(campaign, id, state, reason, lines, closing)
  redis.call('HSET', campaign, 'state', state, 'reason', reason)
  for _, line in ipairs(lines) do redis.call('ZREM', line, id) end
  redis.call('SADD', closing, id)
end
