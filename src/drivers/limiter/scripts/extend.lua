-- ARGV: now, until, since when a bucket is idle that nobody asked, and two of each bucket: name, ticket. Answers three of each: `kept`; `gone`, where
-- it is not lent under that ticket; or `idle`, and the bucket with it, with what was used in the window and when the last of that ended.
local now, lent_until, idle_since = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local answer = {}
local function say(one, two, three)
  for _, word in ipairs({ one, two, three }) do answer[#answer + 1] = word end
end
for index = 4, #ARGV, 2 do
  local bucket = read(ARGV[index])
  if redis.call('HGET', bucket.key, 'lender') ~= ARGV[index + 1] then
    say('gone', '0', '0')
  else
    forget(bucket, now)
    if bucket.asked_at < idle_since and bucket.tickets == 0 then
      write_log(bucket)
      local ended_at = now
      if bucket.entries > 0 then ended_at = tonumber(redis.call('ZRANGE', bucket.log, -1, -1, 'WITHSCORES')[2]) - bucket.rolling_ms end
      say('idle', text(bucket.settled), text(ended_at))
      redis.call('DEL', bucket.key, bucket.log)
      redis.call('ZREM', life .. 'names', bucket.name)
    else
      bucket.lent_until = math.max(bucket.lent_until, lent_until)
      write(bucket, now)
      say('kept', '0', '0')
    end
  end
end
return answer
