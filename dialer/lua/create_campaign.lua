-- create_campaign: store a new campaign, once.
-- KEYS[1] hash suppression   KEYS[2] hash campaign   KEYS[3] zset campaigns   KEYS[4] set open   KEYS[5] zset expiring
-- KEYS[6..] zset, others that list it
-- ARGV    campaign id, created_ms, its end (ms) or '', the suppression lists it keeps to, separated by spaces, fields and values
-- returns 1 created, 0 it was there already and is left as it is, -1 one of the lists is not there
-- atomic because the same request may be sent twice at once, and a list be dropped at this moment
-- include: lists
-- include: create
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
if not are_there(KEYS[1], ARGV[4]) then return -1 end
create({unpack(KEYS, 2)}, ARGV[1], ARGV[2], ARGV[3], {unpack(ARGV, 5)})
return 1
