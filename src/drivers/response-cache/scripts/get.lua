-- KEYS[1]: what every key of ours begins with. ARGV: place, name, now.
local kept = redis.call('HGET', of(ARGV[1]), ARGV[2])
if not kept then return false end
local before, after = kept:find(' ', 1, true)
if tonumber(kept:sub(1, before - 1)) <= tonumber(ARGV[3]) then return false end
return kept:sub(after + 1)
