-- takeover (included): somebody has confirmed an escalation that had ended in vain; it is shown as such no longer. Once.
-- Needs changes.
local function take_over(unconfirmed, campaign, changes, id, why)
  if redis.call('ZREM', unconfirmed, id) == 0 then return false end
  redis.call('HSET', campaign, 'over_reason', why)
  note_change(changes, 'over ' .. id)
  return true
end
