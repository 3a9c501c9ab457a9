-- ARGV: name, until. Its time to live begins to count at the latest moment that was heard of, so that it is never too short.
local bucket = read(ARGV[1])
bucket.parked_until = math.max(bucket.parked_until, tonumber(ARGV[2]))
local clock = redis.call('TIME')
write(bucket, math.min(bucket.parked_until, clock[1] * 1000))
redis.call('ZADD', life .. 'stops', 'GT', bucket.parked_until, bucket.name)
