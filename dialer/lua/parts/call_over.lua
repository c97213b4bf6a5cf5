-- call_over (behind each script that includes call): whichever way it took, an attempt that has ended is packed when it is over.
local answer = step()
if may_be_packed then pack_ended(ATTEMPT, PACKED, PACKED_FIELD, SCHEMA) end
return answer
