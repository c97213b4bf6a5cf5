-- doubt (included): whether a call is up, or may be: it has a lease, or was given up before anybody knew of its end (apply_event).
local function may_be_up(leases, doubtful, call_id, now_ms)
  return redis.call('ZSCORE', leases, call_id) or tonumber(redis.call('ZSCORE', doubtful, call_id) or 0) > now_ms
end
