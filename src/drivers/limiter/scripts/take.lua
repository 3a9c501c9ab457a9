-- ARGV: now, ticket, whether only what was lent may be taken, and seven of each draw: name, amount, ceiling, limit, kind, and two numbers of its window.
-- All or none. Answers `granted`; `wait`, for how long and for which draw; or `not_lent`, which draw and the ticket that it was lent under.
local now, ticket, lent = tonumber(ARGV[1]), ARGV[2], ARGV[3] == 'lent'
local draws = {}
for index = 4, #ARGV, 7 do
  local draw = {
    bucket = read(ARGV[index]), amount = tonumber(ARGV[index + 1]), ceiling = tonumber(ARGV[index + 2]), quota_limit = tonumber(ARGV[index + 3]),
    kind = ARGV[index + 4], one = tonumber(ARGV[index + 5]), other = tonumber(ARGV[index + 6]),
  }
  draws[#draws + 1] = draw
  if lent then
    local bucket = draw.bucket
    if bucket.share <= 0 or bucket.lent_until < now or bucket.rolling_ms ~= draw.one then
      return { 'not_lent', tostring(#draws), redis.call('HGET', bucket.key, 'lender') or '' }
    end
    draw.ceiling = math.min(draw.ceiling, bucket.share)
  end
end

-- The last instant at which less than `amount` of what counts now has ended.
local function freed_at(bucket, amount)
  local from = 0
  while from < bucket.entries do
    local some = redis.call('ZRANGE', bucket.log, from, from + 99, 'WITHSCORES')
    for index = 1, #some, 2 do
      amount = amount - tonumber(string.match(some[index], '^%S+'))
      if amount <= 0 then return tonumber(some[index + 1]) end
    end
    from = from + 100
  end
  return nil
end

local function wait_for(draw)
  local bucket = draw.bucket
  local parked_ms = bucket.parked_until - now
  if draw.amount == 0 then return parked_ms end
  local used = bucket.flying
  if draw.kind == 'rolling' then used = bucket.flying + bucket.settled elseif draw.kind == 'fixed' then used = bucket.used end
  local over = used + draw.amount - draw.ceiling
  if over <= 0 then return parked_ms end
  local room_ms = concurrent_wait_ms
  if draw.kind == 'rolling' then
    -- What is under way leaves the window one whole window from now at the earliest.
    room_ms = (freed_at(bucket, over) or now + draw.one) + 1 - now
  elseif draw.kind == 'fixed' then
    room_ms = math.max(1, bucket.ends_at - now)
  end
  return math.max(parked_ms, room_ms)
end

local wait_ms, holder = 0, 0
for index, draw in ipairs(draws) do
  forget(draw.bucket, now)
  turn_page(draw.bucket, draw.quota_limit, draw.kind, draw.one, draw.other)
  local ms = wait_for(draw)
  if ms > wait_ms then wait_ms, holder = ms, index end
end
for _, draw in ipairs(draws) do
  local bucket, amount = draw.bucket, draw.amount
  if lent then bucket.asked_at = math.max(bucket.asked_at, now) end
  if wait_ms <= 0 and amount > 0 then
    redis.call('HSET', bucket.key, 't:' .. ticket, format_draw(amount, now, draw.kind, bucket.rolling_ms))
    if bucket.tickets == 0 then bucket.oldest = now end
    bucket.oldest = math.min(bucket.oldest, now)
    bucket.tickets = bucket.tickets + 1
    bucket.flying = bucket.flying + amount
    if draw.kind == 'fixed' then bucket.used = bucket.used + amount end
  end
  write(bucket, now)
end
if wait_ms > 0 then return { 'wait', text(wait_ms), tostring(holder) } end
return { 'granted' }
