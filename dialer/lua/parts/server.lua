-- server (included): which server this is, and which run of it: another one after a restart, a restore or a failover.
-- Empty where a server keeps it back: then only who knows of more tells that its data is old.
local function this_run()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or ''
end
