-- ARGV: at, ticket, `sent` or not, how much of each draw or nothing for all of it, an id for what of it counts, and the names of the buckets.
local at, ticket, sent, most, id = tonumber(ARGV[1]), ARGV[2], ARGV[3] == 'sent', tonumber(ARGV[4]), ARGV[5]
local field = 't:' .. ticket
for index = 6, #ARGV do
  local bucket = read(ARGV[index])
  local stored = redis.call('HGET', bucket.key, field)
  local draw = stored and parse_draw(stored)
  -- One that nobody settled in time is over already.
  if draw and draw.taken_at + ticket_ms >= at then
    local amount = most and math.min(most, draw.amount) or draw.amount
    finish(bucket, draw, amount, at, sent, id)
    if amount < draw.amount then
      redis.call('HSET', bucket.key, field, format_draw(draw.amount - amount, draw.taken_at, draw.kind, draw.rolling_ms))
    else
      drop_ticket(bucket, field)
    end
    write(bucket, at)
  end
end
