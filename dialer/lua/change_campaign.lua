-- change_campaign: give a campaign other values of some fields, from this moment on.
-- KEYS[1] hash campaign   KEYS[2] hash texts   KEYS[3] hash suppression   KEYS[4] set closing
-- KEYS[5] zset waiting   KEYS[6] zset held   KEYS[7..] for each of its trunks: zset ready by class
-- ARGV    campaign id, now_ms, the version that it must have or '', then for each field its name and its value, '' for none
-- returns 1 changed, 0 no such campaign, -1 it is over, -2 one of the suppression lists is not there,
--         -3 it has another version
-- atomic because a campaign that is over must stay as it was, a text and its version belong together, and a list may be dropped
-- include: lists
-- include: line
-- include: release
local campaign, id = KEYS[1], ARGV[1]
local state, class, version = unpack(redis.call('HMGET', campaign, 'state', 'class', 'version'))
if not state then return 0 end
if state == 'completed' or state == 'cancelled' then return -1 end
if ARGV[3] ~= '' and (version or '1') ~= ARGV[3] then return -3 end

-- The reasons to be held back that tell less under other caps: fewer calls, or for a shorter time.
local function loosened(before, after)
  local reasons, old = '', {string.match(before or '', '(%d+) (%d+) (%d+)')}
  local new = {string.match(after, '(%d+) (%d+) (%d+)')}
  for i, reason in ipairs({DAY_CAP, WEEK_CAP, SPACING}) do
    local was, is = tonumber(old[i] or 0), tonumber(new[i] or 0)
    local is_less = reason == SPACING and is < was or reason ~= SPACING and was > 0 and (is == 0 or is > was)
    if is_less then reasons = reasons .. ' ' .. reason end
  end
  return reasons
end

for i = 4, #ARGV, 2 do
  if ARGV[i] == 'lists' and not are_there(KEYS[3], ARGV[i + 1]) then return -2 end
end
for i = 4, #ARGV, 2 do
  if ARGV[i] == 'pace' then redis.call('HDEL', campaign, 'pace_at') end
  -- Those that wait for an earlier change yet go on to be released.
  if ARGV[i] == 'caps' then
    local before, left = unpack(redis.call('HMGET', campaign, 'caps', 'release'))
    local reasons = loosened(before, ARGV[i + 1])
    if reasons ~= '' then redis.call('HSET', campaign, 'release', (left or '') .. reasons) end
  end
  -- Without a breaker none is open.
  if ARGV[i] == 'breaker' and ARGV[i + 1] == '' then
    redis.call('HDEL', campaign, 'outcomes', 'probes', 'tripped_until', 'tripped_wait', 'tripped_why')
  end
  -- Calls that have begun go on with the text of before, whose first version is not written down.
  if ARGV[i] == 'script' then
    redis.call('HSETNX', campaign, 'script_version', 1)
    redis.call('HSET', KEYS[2], redis.call('HGET', campaign, 'script_version'), redis.call('HGET', campaign, 'script'))
    redis.call('HINCRBY', campaign, 'script_version', 1)
  end
  if ARGV[i + 1] == '' then
    redis.call('HDEL', campaign, ARGV[i])
  else
    redis.call('HSET', campaign, ARGV[i], ARGV[i + 1])
  end
end
if #ARGV > 3 then redis.call('HSET', campaign, 'version', (version or 1) + 1, 'touched_at', ARGV[2]) end
-- The first of those that are released; the hopper goes on with the others (claim_due_calls).
release(campaign, KEYS[5], KEYS[6], tonumber(ARGV[2]), MOST_RELEASED)
-- It may take a token now that it could not take before; or it is stopped by what it has now (complete_campaign).
if state == 'running' then
  redis.call('SADD', KEYS[4], id)
  for i = 6 + tonumber(class), #KEYS, 3 do stand_in_line(id, KEYS[i]) end
end
return 1
