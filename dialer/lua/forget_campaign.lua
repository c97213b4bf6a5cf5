-- forget_campaign: take a campaign of which all else is deleted out of every list, and write that down.
-- KEYS[1] hash campaign   zsets KEYS[2] campaigns   KEYS[3] conferences   KEYS[4] escalations   KEYS[5] reaping
-- KEYS[6] ended   KEYS[7] unconfirmed   KEYS[8] stream audit   KEYS[9] hash audit:chain   KEYS[10] stream changes
-- ARGV    campaign id, now_ms
-- returns 1 forgotten, 0 it was before
-- atomic because whoever dies before it is followed by one that does it, and whoever comes after it writes no second entry
-- include: audit
-- include: changes
local total = redis.call('HGET', KEYS[1], 'total')
redis.call('DEL', KEYS[1])
local listed = redis.call('ZREM', KEYS[2], ARGV[1])
for i = 3, 7 do redis.call('ZREM', KEYS[i], ARGV[1]) end
if listed == 1 then
  dialer_did(KEYS[8], KEYS[9], ARGV[2], 'campaign.deleted', ARGV[1], {calls = tonumber(total or 0)})
  note_change(KEYS[10], 'gone ' .. ARGV[1])
end
return listed
