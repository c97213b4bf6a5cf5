-- audit (included): append to the audit log. Each entry bears a SHA-256 (FIPS 180-4) over the one before, its id and its text;
-- Redis itself has only SHA-1 for scripts. `dialer/audit.py` checks what is computed here.
local SHA256_K = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
  0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
  0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
  0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
  0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
  0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}
local SHA256_START = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}
local WORDS = '>' .. string.rep('I4', 16)

local function sha256_block(sums, w)
  local xor, ror, band, tobit = bit.bxor, bit.ror, bit.band, bit.tobit
  for i = 17, 64 do
    local x, y = w[i - 15], w[i - 2]
    local s0, s1 = xor(ror(x, 7), ror(x, 18), bit.rshift(x, 3)), xor(ror(y, 17), ror(y, 19), bit.rshift(y, 10))
    w[i] = tobit(w[i - 16] + s0 + w[i - 7] + s1)
  end
  local a, b, c, d, e, f, g, h = unpack(sums)
  for i = 1, 64 do
    local choice = xor(band(e, f), band(bit.bnot(e), g))
    local t = tobit(h + xor(ror(e, 6), ror(e, 11), ror(e, 25)) + choice + SHA256_K[i] + w[i])
    local most = xor(band(a, b), band(a, c), band(b, c))
    local u = xor(ror(a, 2), ror(a, 13), ror(a, 22)) + most
    h, g, f, e, d, c, b, a = g, f, e, tobit(d + t), c, b, a, tobit(t + u)
  end
  for i, part in ipairs({a, b, c, d, e, f, g, h}) do sums[i] = tobit(sums[i] + part) end
end

local function sha256(text)
  local sums = {unpack(SHA256_START)}
  text = text .. '\128' .. string.rep('\0', (55 - #text) % 64) .. struct.pack('>I4I4', 0, #text * 8)
  for first = 1, #text, 64 do sha256_block(sums, {struct.unpack(WORDS, text, first)}) end
  for i, part in ipairs(sums) do sums[i] = bit.tohex(part) end
  return table.concat(sums)
end

-- Append one entry to the stream; an id is never below the last one's, whatever the clock says. Returns its id and hash.
local function note(stream, chain, now, text)
  local head, last = unpack(redis.call('HMGET', chain, 'head', 'last'))
  local ms, number = string.match(last or '0-0', '(%d+)-(%d+)')
  local id = tonumber(ms) < tonumber(now) and now .. '-0' or ms .. '-' .. string.format('%.0f', tonumber(number) + 1)
  local hash = sha256((head or string.rep('0', 64)) .. '\n' .. id .. '\n' .. text)
  redis.call('XADD', stream, id, 'entry', text, 'hash', hash)
  redis.call('HSET', chain, 'head', hash, 'last', id)
  return id, hash
end

-- What the dialer did by itself, in the same step.
local function dialer_did(stream, chain, now, action, campaign_id, details)
  local entry = {action = action, outcome = 'done', actor = 'dialer', campaign_id = campaign_id, details = details}
  note(stream, chain, now, cjson.encode(entry))
end
