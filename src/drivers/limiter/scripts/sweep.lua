-- Up to a thousand names of buckets whose time to live is over. Answers how many.
local gone = 0
for _, name in ipairs(redis.call('ZRANDMEMBER', life .. 'names', 1000)) do
  if redis.call('EXISTS', life .. 'bucket:' .. name) == 0 then gone = gone + redis.call('ZREM', life .. 'names', name) end
end
return gone
