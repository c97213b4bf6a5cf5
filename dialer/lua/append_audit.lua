-- append_audit: write entries to the audit log, in their order.
-- KEYS[1] stream audit   KEYS[2] hash audit:chain
-- ARGV    now_ms, then each entry (JSON)
-- returns {id, hash} of the last one
-- atomic because each is chained to the one before, whoever wrote that
-- include: audit
local id, hash
for i = 2, #ARGV do id, hash = note(KEYS[1], KEYS[2], ARGV[1], ARGV[i]) end
return {id, hash}
