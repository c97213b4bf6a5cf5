-- import: how far a named import is, kept in the step that stores its rows, so that it never leads and no row counts twice.

-- Whether a batch follows what was stored; else the number of the last row that was.
local function import_lags(record, note)
  local row = tonumber(redis.call('HGET', record, 'row') or 0)
  return row ~= note.from and row or nil
end

-- Write a batch down. KEYS: hash record, list of rejected rows (JSON arrays), zset of the campaign's imports, zset of all with rejected rows.
local function record_import(names, note, campaign, id, now, accepted, duplicates)
  local record, rejected, lists, all = unpack(names)
  redis.call('HSETNX', record, 'begun_at', now)
  redis.call('HSET', record, 'row', note.row, 'offset', note.offset, 'offset_row', note.offset_row, 'layout', note.layout, 'changed_at', now, 'state', 'open')
  redis.call('HINCRBY', record, 'accepted', accepted)
  redis.call('HINCRBY', record, 'duplicates', duplicates)
  redis.call('HINCRBY', record, 'rejected', note.refused)
  redis.call('ZADD', lists, 'NX', now, id)
  if note.refused > 0 and tonumber(redis.call('HGET', record, 'kept') or 0) < note.most then
    redis.call('RPUSH', rejected, note.rejected)
    redis.call('HINCRBY', record, 'kept', note.refused)
    redis.call('ZADD', all, 'NX', now, campaign .. '/' .. id)
  end
end
