-- end_waiting: a call that waits for its turn or a redial is not dialed any more: it has ended as its last attempt did,
-- or is cancelled where it had none.
-- KEYS, ARGV[1..4] as in parts/call.lua; the attempt is the newest that was seen, 0 where there was none
-- returns the call's disposition, '' where it does not wait, or was dialed by now
-- atomic because it may be claimed at this moment
-- include: changes
-- include: call
if tries().n ~= NUMBER or not redis.call('ZSCORE', WAITING, SEQ) then return '' end
return finish(redis.call('HGET', ATTEMPT, 'disposition') or 'cancelled')
