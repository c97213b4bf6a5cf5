-- probe_commands: which commands this user may not run, tried on a key that nobody uses and that is removed again.
-- KEYS[1] any   a probe
-- ARGV    of each command its name and number of arguments, every one of which is the key's name: most fail by that
-- returns the names of those that the server refuses to this user
-- atomic because nobody must find the key in whatever state the commands leave it
local REFUSALS = {'NOPERM', 'ACL failure', "can't run this command", "can't access"}
local refused = {}
for i = 1, #ARGV, 2 do
  local words = {ARGV[i]}
  for place = 1, tonumber(ARGV[i + 1]) do words[place + 1] = KEYS[1] end
  local answer = redis.pcall(unpack(words))
  local told = type(answer) == 'table' and answer.err or ''
  for _, phrase in ipairs(REFUSALS) do
    if told:find(phrase) then refused[#refused + 1] = ARGV[i] break end
  end
end
redis.pcall('DEL', KEYS[1])
return refused
