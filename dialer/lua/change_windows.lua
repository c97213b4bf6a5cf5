-- change_windows: give a campaign other windows, or none, from this moment on.
-- KEYS[1] hash campaign   KEYS[2..] for each of its trunks: zset ready by class
-- ARGV    campaign id, now_ms, windows (JSON) or '', 1 if it is dialed outside of them all the same, the version that it
--         must have or ''
-- returns 1 changed, 0 no such campaign, -1 it is over, -3 it has another version
-- atomic because whatever was claimed in the old hours must not begin in the new ones
-- include: line
local campaign, id, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local fields = redis.call('HMGET', campaign, 'state', 'cohorts', 'class', 'unpark', 'expires_at')
local state, cohorts, class, unpark, expires = unpack(fields)
if not state then return 0 end
if state == 'completed' or state == 'cancelled' then return -1 end
local changes = redis.call('HGET', campaign, 'version') or '1'
if ARGV[5] ~= '' and changes ~= ARGV[5] then return -3 end
redis.call('HSET', campaign, 'version', changes + 1, 'touched_at', ARGV[2])
local version, several = redis.call('HINCRBY', campaign, 'windows_version', 1), tonumber(cohorts or 1) > 1
-- Where calls of closed cohorts may be parked: each at its cohort's opening, or at the campaign's end.
local openings = {unpark or nil}
if several and expires then openings[#openings + 1] = expires end
for number = 1, tonumber(cohorts or 1) do
  local opens = tonumber(string.match(redis.call('HGET', campaign, 'h' .. number) or '0', '%d+'))
  if several and opens > now then openings[#openings + 1] = string.format('%.0f', opens) end
  redis.call('HDEL', campaign, 'h' .. number)
end
if #openings > 0 then redis.call('HSET', campaign, 'unpark', table.concat(openings, ' ')) end
redis.call('HDEL', campaign, 'timed', 'windows', 'override_windows')
if ARGV[3] ~= '' then redis.call('HSET', campaign, 'windows', ARGV[3]) end
if ARGV[4] == '1' then redis.call('HSET', campaign, 'override_windows', 1) end
if ARGV[3] ~= '' and ARGV[4] ~= '1' then redis.call('HSET', campaign, 'timed', version) end
if state == 'running' then
  for i = 1 + tonumber(class), #KEYS, 3 do stand_in_line(id, KEYS[i]) end
end
return 1
