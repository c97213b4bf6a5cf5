-- takeover (included): somebody has confirmed an escalation that had ended in vain; it is shown as such no longer. Once.
-- Needs changes. `in_vain` are the reasons of those that did; of the set `unconfirmed` it leaves, where it still is in it.
local function take_over(unconfirmed, campaign, changes, id, why, in_vain)
  local reason = redis.call('HGET', campaign, 'over_reason')
  local was_in_vain = false
  for _, each in ipairs(in_vain) do was_in_vain = was_in_vain or each == reason end
  if not was_in_vain then return false end
  redis.call('ZREM', unconfirmed, id)
  redis.call('HSET', campaign, 'over_reason', why)
  note_change(changes, 'over ' .. id)
  return true
end
