-- line (included): where campaigns with due calls stand: a set for each trunk and class, by what they were served there.
-- Who comes starts level with the one served least: it neither waits for nor catches up on its absence. So each trunk is
-- shared for itself, and a campaign of several trunks has its share of each.
local function stand_in_line(id, line)
  redis.call('ZADD', line, 'NX', redis.call('ZRANGE', line, 0, 0, 'WITHSCORES')[2] or 0, id)
end
