-- migrate_page: write what a migration changes of some hashes, and how far it is, unless somebody else did this page.
-- KEYS[1] hash schema   KEYS[2] hash migration, the rest: hashes that change
-- ARGV    1 version of the data when it is done, 2 oldest version of a program that may read it from now on, 3 cursor as it was
--         read, 4 cursor behind this page, '' when it is the last, 5 campaigns and 6 calls looked at, then for each change: number of
--         its key among KEYS, field, its text as it was read, the new one
-- returns 1 written, 0 nothing: somebody else was here, or a text is another one by now, so that the page is to be read again
-- atomic because workers change calls at this moment, and several may migrate at once
local VERSION = tonumber(ARGV[1])
if tonumber(redis.call('HGET', KEYS[1], 'version')) ~= VERSION - 1 then return 0 end
if redis.call('HGET', KEYS[2], 'version') ~= ARGV[1] then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[2], 'version', ARGV[1], 'at', '', 'campaigns', 0, 'calls', 0, 'changed', 0)
end
if redis.call('HGET', KEYS[2], 'at') ~= ARGV[3] then return 0 end
for i = 7, #ARGV, 4 do
  if redis.call('HGET', KEYS[tonumber(ARGV[i])], ARGV[i + 1]) ~= ARGV[i + 2] then return 0 end
end
for i = 7, #ARGV, 4 do redis.call('HSET', KEYS[tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 3]) end
local needs = math.max(tonumber(ARGV[2]), tonumber(redis.call('HGET', KEYS[1], 'needs')))
redis.call('HSET', KEYS[1], 'needs', needs)
redis.call('HINCRBY', KEYS[2], 'campaigns', ARGV[5])
redis.call('HINCRBY', KEYS[2], 'calls', ARGV[6])
redis.call('HINCRBY', KEYS[2], 'changed', (#ARGV - 6) / 4)
if ARGV[4] == '' then
  redis.call('HSET', KEYS[1], 'version', VERSION)
  redis.call('DEL', KEYS[2])
else
  redis.call('HSET', KEYS[2], 'at', ARGV[4])
end
return 1
