-- lists (included): whether all of these suppression lists are there; their names are separated by spaces.
local function are_there(suppression, names)
  for name in string.gmatch(names, '%S+') do
    if redis.call('HEXISTS', suppression, name) == 0 then return false end
  end
  return true
end
