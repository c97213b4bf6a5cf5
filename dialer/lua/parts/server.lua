-- server (included): which server this is, and which run of it: another one after a restart, a restore or a failover.
local function this_run()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
end
