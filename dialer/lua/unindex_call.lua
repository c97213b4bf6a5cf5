-- unindex_call: let a call no longer be known, nor found by its numbers.
-- KEYS    hashes known (`known.py`)
-- ARGV    running number, then for each of KEYS a field: the letter of a slot, or a digest, removed where it leads to this call
-- returns how many entries were removed
-- atomic because another call of the same number may be added to the slot at this moment
local seq, removed = ARGV[1], 0

-- Fill what became empty with what moved out last, so that a slot has no gaps.
local function close_gap(key, letter, place, count)
  local last = letter .. count
  if place ~= count then redis.call('HSET', key, letter .. (place > 0 and place or ''), redis.call('HGET', key, last)) end
  redis.call('HDEL', key, last)
  if count > 1 then redis.call('HSET', key, letter .. '#', count - 1) else redis.call('HDEL', key, letter .. '#') end
end

local function remove_from(key, letter, place, value, count)
  local left = string.gsub(string.gsub(',' .. value .. ',', ',' .. seq .. ',', ',', 1), '^,(.-),?$', '%1')
  if left ~= '' then
    redis.call('HSET', key, letter .. (place > 0 and place or ''), left)
  elseif count == 0 then
    redis.call('HDEL', key, letter)
  else
    close_gap(key, letter, place, count)
  end
  removed = removed + 1
end

for i, key in ipairs(KEYS) do
  local field = ARGV[i + 1]
  if #field > 1 then
    if redis.call('HGET', key, field) == seq then removed = removed + redis.call('HDEL', key, field) end
  else
    local count = tonumber(redis.call('HGET', key, field .. '#') or 0)
    for place = 0, count do
      local value = redis.call('HGET', key, field .. (place > 0 and place or ''))
      if value and string.find(',' .. value .. ',', ',' .. seq .. ',', 1, true) then
        remove_from(key, field, place, value, count)
        break
      end
    end
  end
end
return removed
