-- changes (included): tell those who listen what changed (`dialer/changes.py`). Where nobody does, there is no stream, and nothing is written.
local function note_change(stream, what)
  redis.call('XADD', stream, 'NOMKSTREAM', 'MAXLEN', '~', CHANGES_KEPT, '*', 'what', what)
end

-- The same of one call, which stands in a set of its campaign now: `live`, `done:busy`.
local function note_call(stream, campaign, set, call_id, now)
  note_change(stream, 'call ' .. call_id .. ' ' .. string.sub(set, #campaign + 2) .. ' ' .. now)
end
