-- sweep (included): calls that end with their campaign, all in one stroke, are told to the customer's system by one line.
-- It is opened later, call by call (`dialer/callbacks/outbox.py`); a call that ended by itself bears a mark.
local function tell_swept(campaign, told, id, disposition, now)
  local wanted = redis.call('HGET', campaign, 'tells')
  if wanted and string.find(wanted, 'call.ended', 1, true) then
    redis.call('RPUSH', told, 'calls.swept ' .. id .. ' ' .. disposition .. ' ' .. now)
  end
end
