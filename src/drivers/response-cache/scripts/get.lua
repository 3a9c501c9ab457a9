-- KEYS[1]: what every key of ours begins with. ARGV: place, name, now. Answers the text, if there is one, and the epoch.
local key = epoch_of(ARGV[1])
local epoch = redis.call('GET', key)
if not epoch then
  -- An epoch may end by being thrown away, so the next one must not look like it: no two begin in the same microsecond.
  local time = redis.call('TIME')
  epoch = time[1] .. '.' .. time[2]
  redis.call('SET', key, epoch, 'PX', epoch_lasts)
elseif redis.call('PTTL', key) < epoch_lasts / 2 then
  -- Half of it is longer than any answer takes.
  redis.call('PEXPIRE', key, epoch_lasts)
end

local kept = redis.call('HGET', of(ARGV[1]), ARGV[2])
if not kept then return { false, epoch } end
local before, after = kept:find(' ', 1, true)
if tonumber(kept:sub(1, before - 1)) <= tonumber(ARGV[3]) then return { false, epoch } end
return { kept:sub(after + 1), epoch }
