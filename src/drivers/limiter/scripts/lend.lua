-- ARGV: now, name, ticket, share, the length of the window, until. A bucket that begins with nothing used, unless one stands there that is lent already.
local now = tonumber(ARGV[1])
local bucket = read(ARGV[2])
if bucket.share > 0 and bucket.lent_until >= now then return 0 end
redis.call('DEL', bucket.key, bucket.log)
local begun = read(ARGV[2])
begun.parked_until = bucket.parked_until
begun.share = tonumber(ARGV[4])
begun.rolling_ms = tonumber(ARGV[5])
begun.lent_until = tonumber(ARGV[6])
begun.asked_at = now
redis.call('HSET', begun.key, 'lender', ARGV[3])
write(begun, now)
return 1
