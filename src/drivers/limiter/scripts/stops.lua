-- ARGV: now. Answers names and instants, in turns.
redis.call('ZREMRANGEBYSCORE', life .. 'stops', '-inf', '(' .. text(tonumber(ARGV[1]) - ticket_ms))
return redis.call('ZRANGEBYSCORE', life .. 'stops', '(' .. ARGV[1], '+inf', 'WITHSCORES')
