-- ARGV: now, the start of the name. Answers six of each bucket: used, limit, until when it is parked, when it is free again, how much is lent, name.
local now, prefix = tonumber(ARGV[1]), ARGV[2]
local answer = {}
for _, name in ipairs(redis.call('ZRANGEBYLEX', life .. 'names', '[' .. prefix, '(' .. prefix .. '\255')) do
  local bucket = read(name)
  forget(bucket, now)
  write(bucket, now)
  local used, resets_at = bucket.flying, 0
  if bucket.rolling_ms > 0 then
    used = bucket.flying + bucket.settled
    if bucket.flying > 0 then
      resets_at = now + bucket.rolling_ms
    elseif bucket.entries > 0 then
      resets_at = tonumber(redis.call('ZRANGE', bucket.log, -1, -1, 'WITHSCORES')[2])
    end
  elseif bucket.ends_at > now then
    used, resets_at = bucket.used, bucket.ends_at
  end
  local parked_until = bucket.parked_until > now and bucket.parked_until or 0
  -- One whose loan is over for good counts in full where it was taken from.
  local share = bucket.lent_until + ticket_ms >= now and bucket.share or 0
  for _, number in ipairs({ used, bucket.quota_limit, parked_until, resets_at, share }) do answer[#answer + 1] = text(number) end
  answer[#answer + 1] = name
end
return answer
