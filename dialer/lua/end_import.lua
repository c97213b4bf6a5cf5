-- end_import: an import adds nothing more, so that its campaign may complete; a named one has come to its end, if it has.
-- KEYS[1] hash campaign   KEYS[2] zset imports   KEYS[3] hash record   KEYS[4] zset lists
-- ARGV    import id, now_ms, '1' for a named one whose list was read to its end
-- returns nothing
-- atomic because the record must not come to be after its campaign was deleted
redis.call('ZREM', KEYS[2], ARGV[1])
if ARGV[3] == '1' and redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSETNX', KEYS[3], 'begun_at', ARGV[2])
  redis.call('HSET', KEYS[3], 'state', 'done', 'changed_at', ARGV[2])
  redis.call('ZADD', KEYS[4], 'NX', ARGV[2], ARGV[1])
end
