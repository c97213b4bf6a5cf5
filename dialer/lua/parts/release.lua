-- release (included): calls that a cap held back which was loosened since are due now, so many in one step. Whoever must wait all the
-- same is held back anew by the last look. The campaign's field `release` has the reasons (`dialer/holding.py`) of which some are left.
local MOST_RELEASED = 1000 -- some 5 ms

-- Make up to so many due; returns how many more it could have been: none, and some may be left.
local function release(campaign, waiting, held, now_ms, most)
  for reason in string.gmatch(redis.call('HGET', campaign, 'release') or '', '%d+') do
    local base = reason * HELD_SPAN
    local least, last = string.format('(%.0f', base + now_ms), string.format('%.0f', base + HELD_SPAN - 1)
    local found = redis.call('ZRANGEBYSCORE', held, least, last, 'LIMIT', 0, most)
    for _, seq in ipairs(found) do
      redis.call('ZREM', held, seq)
      redis.call('ZADD', waiting, 'XX', string.format('%.0f', now_ms), seq)
    end
    most = most - #found
    if most == 0 then return 0 end
  end
  redis.call('HDEL', campaign, 'release')
  return most
end
