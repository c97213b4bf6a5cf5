-- take_over: somebody has pressed the key of an escalation that had ended in vain.
-- KEYS[1] zset unconfirmed   KEYS[2] hash campaign   KEYS[3] stream changes
-- ARGV    campaign id, why it is over from now on, the reasons of those that ended in vain ...
-- returns 1 taken over, 0 it was before, or never ended in vain
-- atomic because a campaign that was deleted must not come back as a hash with one field
-- include: changes
-- include: takeover
return take_over(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2], {unpack(ARGV, 3)}) and 1 or 0
