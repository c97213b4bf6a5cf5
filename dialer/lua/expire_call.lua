-- expire_call: a call that waits for a redial is not dialed any more, for it is too late; somebody else is alarmed, where its policy
-- says so.
-- KEYS, ARGV[1..4] as in parts/call.lua; no attempt is looked at
-- returns 1 expired, 0 it does not wait, or it is not too late
-- atomic because it may be claimed at this moment; one that was claimed already expires in begin_attempt
-- include: changes
-- include: call
local ends = too_late_at()
if not ends or NOW < ends or not redis.call('ZSCORE', WAITING, SEQ) then return 0 end
finish('expired')
return 1
