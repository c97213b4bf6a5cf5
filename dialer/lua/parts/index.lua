-- index (included): the removal of a call from what it is known and found by (`known.py`).

-- Fill what became empty with what moved out last, so that a slot has no gaps.
local function close_gap(key, letter, place, count)
  local last = letter .. count
  if place ~= count then redis.call('HSET', key, letter .. (place > 0 and place or ''), redis.call('HGET', key, last)) end
  redis.call('HDEL', key, last)
  if count > 1 then redis.call('HSET', key, letter .. '#', count - 1) else redis.call('HDEL', key, letter .. '#') end
end

local function remove_from(key, letter, place, value, seq, count)
  local left = string.gsub(string.gsub(',' .. value .. ',', ',' .. seq .. ',', ',', 1), '^,(.-),?$', '%1')
  if left ~= '' then
    redis.call('HSET', key, letter .. (place > 0 and place or ''), left)
  elseif count == 0 then
    redis.call('HDEL', key, letter)
  else
    close_gap(key, letter, place, count)
  end
end

-- Remove a call from one hash: a digest where it leads to this call, else from the slot of that letter. Returns how many.
local function unindex(key, field, seq)
  if #field > 1 then
    return redis.call('HGET', key, field) == seq and redis.call('HDEL', key, field) or 0
  end
  local count = tonumber(redis.call('HGET', key, field .. '#') or 0)
  for place = 0, count do
    local value = redis.call('HGET', key, field .. (place > 0 and place or ''))
    if value and string.find(',' .. value .. ',', ',' .. seq .. ',', 1, true) then
      remove_from(key, field, place, value, seq, count)
      return 1
    end
  end
  return 0
end
