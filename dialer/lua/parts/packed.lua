-- packed (included): the fields of an attempt as one short text, and back again, each as it was and in its order.
-- The text is a list (MessagePack): the number of this form, then for each field a number that tells how it is written, and what is:
--   0 its name, its value           1 an event `e:kind:ms:` of `[ms]`: kind and both moments     2 one `e:kind::` of `[ms]`: kind, moment
--   3 any other event: kind, moment or false, what it is about, moment received, the rest of its value
--   FIRST_NAME and its place among the names: its value, one more: its value in the short way that follows the name there
-- A word is minus its place among the words; a moment is so many ms later than the moment before it in the list.
-- Names and words are added at their ends alone, for what is stored counts by them.
local PACKED_FORM, FIRST_NAME = 1, 7

local function packed_names()
  return {
    'nonce', 'hex', 'at', 'moment', 'due', 'float', 'allowed', 'tokens', 'result', '-', 'uuid', 'uuid', 'facts', 'number',
    'disposition', '-', 'place', 'number', 'trunk', '-', 'redialed', '-', 'relabelled', 'number', 'erased', '-', 'script', '-',
    'muted', '-', 'earmuffed', '-', 'f:direction', '-', 'f:duration_s', 'number', 'f:sip_code', 'number', 'f:rate', 'money',
    'f:price', 'money', 'f:network', 'number', 'f:disconnected_by', '-', 'f:start_time', 'utc', 'f:end_time', 'utc', 'f:detail',
    '-', 'f:sub_state', '-', 'f:reason', '-', 'f:size_bytes', 'number', 'f:too_late', '-',
  }
end

local function packed_words()
  return {
    ']', '-', '!', '1', '0', 'placed', 'outbound', 'platform', 'user', 'started', 'ringing', 'answered', 'completed',
    'answer_fetched', 'busy', 'no_answer', 'rejected', 'failed', 'cancelled', 'unanswered', 'timeout', 'machine', 'human',
    'confirmed', 'opted_out', 'input', 'transfer', 'record', 'lost', 'invalid_number', 'undetermined', 'disconnected', 'inbound',
    'hang_up_ordered', 'ordered', 'unavailable', 'restricted', 'notify', 'error', 'fallback', 'answer_failed', 'beep_start',
    'beep_timeout',
  }
end

-- Hexadecimal digits as bytes, eight digits at a time.
local function to_bytes(hex)
  local bytes = ''
  for i = 1, #hex, 8 do bytes = bytes .. struct.pack('>I4', tonumber(string.sub(hex, i, i + 7), 16) or 0) end
  return bytes
end

local function to_hex(bytes)
  local hex = ''
  for i = 1, #bytes, 4 do hex = hex .. string.format('%08x', (struct.unpack('>I4', bytes, i))) end
  return hex
end

local function is_moment(text)
  return #text == 13 and string.find(text, '^[1-9]%d+$')
end

local function to_tokens(value, past)
  local tokens, before = {}, past.moment
  for token in string.gmatch(value, '%S+') do
    if is_moment(token) then
      tokens[#tokens + 1], before = {token - before}, tonumber(token)
    else
      tokens[#tokens + 1] = #token < 10 and string.find(token, '^%d+$') and tonumber(token) or token
    end
  end
  return tokens
end

local function from_tokens(tokens, past)
  local texts, before = {}, past.moment
  for i, token in ipairs(tokens) do
    if type(token) == 'table' then
      before = before + token[1]
      token = before
    end
    texts[i] = type(token) == 'number' and string.format('%.0f', token) or token
  end
  return table.concat(texts, ' ')
end

-- What is stored instead of a value; only where `lengthen` makes the same value of it again.
local function shorten(how, value, past)
  if how == 'hex' then return to_bytes(value) end
  if how == 'uuid' then return to_bytes((string.gsub(value, '-', ''))) end
  if how == 'tokens' then return to_tokens(value, past) end
  -- Below zero a nought would lose its sign.
  if not string.find(value, '^%d') then return nil end
  if how == 'number' or how == 'float' then return tonumber(value) end
  if how == 'moment' then return is_moment(value) and value - past.moment end
  if how == 'money' then return tonumber((string.gsub(value, '%.', ''))) end
  local digits = how == 'utc' and tonumber((string.gsub(string.sub(value, 3, 19), '%D', '')))
  return digits and digits - past.utc
end

local function lengthen(how, short, past)
  if how == 'number' then return string.format('%.0f', short) end
  if how == 'float' then return string.format('%.17g', short) end
  if how == 'moment' then return string.format('%.0f', past.moment + short) end
  if how == 'money' then return string.format('%.0f.%08.0f', math.floor(short / 100000000), short % 100000000) end
  if how == 'hex' then return to_hex(short) end
  if how == 'uuid' then return (string.gsub(to_hex(short), '^(........)(....)(....)(....)', '%1-%2-%3-%4-')) end
  if how == 'tokens' then return from_tokens(short, past) end
  local digits = string.format('%012.0f', past.utc + short)
  return (string.gsub(digits, '^(..)(..)(..)(..)(..)(..)$', '20%1-%2-%3T%4:%5:%6.000Z'))
end

local function go_on(how, short, past)
  if how == 'moment' or how == 'utc' then past[how] = past[how] + short end
end

-- The text of a hash as HGETALL tells it.
local function pack_fields(fields)
  local past, places, numbers, list, n = {moment = 0, utc = 0}, {}, {}, {PACKED_FORM}, 1
  local names = packed_names()
  for place, word in ipairs(packed_words()) do places[word] = -place end
  for place = 1, #names, 2 do numbers[names[place]] = place end
  local function put_event(kind, at, about, received, rest)
    local since = at ~= '' and at - past.moment
    local lag = received - past.moment - (since or 0)
    past.moment = tonumber(received)
    if about ~= '' or rest ~= ']' then
      list[n + 1], list[n + 2], list[n + 3], list[n + 4], list[n + 5], list[n + 6] = 3, kind, since, about, lag, places[rest] or rest
      n = n + 6
    elseif since then
      list[n + 1], list[n + 2], list[n + 3], list[n + 4] = 1, kind, since, lag
      n = n + 4
    else
      list[n + 1], list[n + 2], list[n + 3] = 2, kind, lag
      n = n + 3
    end
  end
  for i = 1, #fields, 2 do
    local name, value = fields[i], fields[i + 1]
    local place = numbers[name]
    if place then
      local how = names[place + 1]
      local short = how ~= '-' and shorten(how, value, past)
      local is_same = short and lengthen(how, short, past) == value
      list[n + 1], list[n + 2] = FIRST_NAME + place + (is_same and 1 or 0), is_same and short or places[value] or value
      n = n + 2
      if is_same then go_on(how, short, past) end
    else
      local kind, at, about = string.match(name, '^e:([^:]*):(%d*):(.*)$')
      local received, rest = string.match(value, '^%[(%d+)(.*)$')
      if kind and received and is_moment(received) and (at == '' or is_moment(at)) then
        put_event(places[kind] or kind, at, about, received, rest)
      else
        list[n + 1], list[n + 2], list[n + 3] = 0, name, places[value] or value
        n = n + 3
      end
    end
  end
  return cmsgpack.pack(list)
end

-- The fields, flat as HGETALL tells them.
local function unpack_fields(text)
  local past, names, words, fields, list = {moment = 0, utc = 0}, packed_names(), packed_words(), {}, cmsgpack.unpack(text)
  local at, n = 2, 0
  local function take_text()
    local found = list[at]
    at = at + 1
    return type(found) == 'number' and words[-found] or found
  end
  local function take_moment()
    local since = list[at]
    at = at + 1
    if not since then return '' end
    past.moment = past.moment + since
    return string.format('%.0f', past.moment)
  end
  while at <= #list do
    local number, name, value = list[at], nil, nil
    at = at + 1
    if number == 0 then
      name, value = take_text(), take_text()
    elseif number < FIRST_NAME then
      local kind, moment = take_text(), number == 2 and '' or take_moment()
      local about = number == 3 and take_text() or ''
      name = 'e:' .. kind .. ':' .. moment .. ':' .. about
      value = '[' .. take_moment() .. (number == 3 and take_text() or ']')
    elseif number % 2 == 0 then
      name, value = names[number - FIRST_NAME], take_text()
    else
      local place, short = number - FIRST_NAME - 1, list[at]
      at = at + 1
      name, value = names[place], lengthen(names[place + 1], short, past)
      go_on(names[place + 1], short, past)
    end
    fields[n + 1], fields[n + 2] = name, value
    n = n + 2
  end
  return fields
end
