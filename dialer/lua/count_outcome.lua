-- count_outcome: an attempt that left by a trunk ended; a burst of failures over all campaigns stops the trunk.
-- KEYS[1] hash trunk
-- ARGV    disposition, now_ms
-- returns `opened` or `closed` where the trunk's breaker turned with this attempt, else ''
-- atomic because attempts end at any process at once
-- include: breaker
return count_outcome(KEYS[1], ARGV[1], tonumber(ARGV[2])) or ''
