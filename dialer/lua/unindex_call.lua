-- unindex_call: let a call no longer be known, nor found by its numbers.
-- KEYS    hashes known (`known.py`)
-- ARGV    running number, then for each of KEYS a field: the letter of a slot, or a digest
-- returns how many entries were removed
-- atomic because another call of the same number may be added to the slot at this moment
-- include: index
local removed = 0
for i, key in ipairs(KEYS) do removed = removed + unindex(key, ARGV[i + 1], ARGV[1]) end
return removed
