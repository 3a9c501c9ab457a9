-- What several callers want, one after the other as if each had come alone; each bucket is read and written once. ARGV: a list in JSON, of
-- [`take`, now, ticket, whether only what was lent may be taken, draws], each draw of a name, amount, ceiling, limit, kind, two numbers of its window and
-- what is stored of it. All or none. Answers `granted`; `wait`, for how long and for which draw; or `not_lent`, which draw and the ticket that it was lent
-- under.
-- [`settle`, at, ticket, whether it was sent, how much of each draw or false for all of it, an id for what of it counts, names of buckets].
-- Answers a list in JSON too: a word less is a microsecond less at both ends.
local held = {}
local granted, settled = { 'granted' }, { 'settled' }

local function hold(name)
  if not held[name] then held[name] = read(name) end
  return held[name]
end

-- The last instant at which less than `amount` of what counts now has ended.
local function freed_at(bucket, amount)
  write_log(bucket)
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

local function wait_for(draw, now)
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

local function take(wish)
  local now, ticket, lent = wish[2], wish[3], wish[4]
  local draws = {}
  for index, draw in ipairs(wish[5]) do
    draws[index] = {
      bucket = hold(draw[1]), amount = draw[2], ceiling = draw[3], quota_limit = draw[4], kind = draw[5], one = draw[6], other = draw[7],
      stored = draw[8],
    }
  end
  if lent then
    for index, draw in ipairs(draws) do
      local bucket = draw.bucket
      if bucket.share <= 0 or bucket.lent_until < now or bucket.rolling_ms ~= draw.one then
        return { 'not_lent', tostring(index), redis.call('HGET', bucket.key, 'lender') or '' }
      end
      draw.ceiling = math.min(draw.ceiling, bucket.share)
    end
  end
  local wait_ms, holder = 0, 0
  for index, draw in ipairs(draws) do
    local bucket = draw.bucket
    bucket.heard_at = math.max(bucket.heard_at or now, now)
    forget(bucket, now)
    turn_page(bucket, draw.quota_limit, draw.kind, draw.one, draw.other)
    if lent then bucket.asked_at = math.max(bucket.asked_at, now) end
    local ms = wait_for(draw, now)
    if ms > wait_ms then wait_ms, holder = ms, index end
  end
  if wait_ms > 0 then return { 'wait', text(wait_ms), tostring(holder) } end
  for _, draw in ipairs(draws) do
    local bucket, amount = draw.bucket, draw.amount
    if amount > 0 then
      bucket.taken['t:' .. ticket] = draw.stored
      bucket.oldest = bucket.tickets == 0 and now or math.min(bucket.oldest, now)
      bucket.tickets = bucket.tickets + 1
      bucket.flying = bucket.flying + amount
      if draw.kind == 'fixed' then bucket.used = bucket.used + amount end
    end
  end
  return granted
end

local function settle(wish)
  local at, ticket, sent, most, id = wish[2], wish[3], wish[4], wish[5], wish[6]
  local field = 't:' .. ticket
  for _, name in ipairs(wish[7]) do
    local bucket = hold(name)
    local stored = ticket_of(bucket, field)
    local draw = stored and parse_draw(stored)
    -- One that nobody settled in time is over already.
    if draw and draw.taken_at + ticket_ms >= at then
      local amount = most and math.min(most, draw.amount) or draw.amount
      if sent and draw.kind == 'fixed' then turn_late(bucket, at) end
      finish(bucket, draw, amount, at, sent, id)
      if amount < draw.amount then
        bucket.taken[field] = text(draw.amount - amount) .. string.match(stored, ' .*$')
      else
        drop_ticket(bucket, field)
      end
      bucket.heard_at = math.max(bucket.heard_at or at, at)
    end
  end
  return settled
end

local answers = {}
for index, wish in ipairs(cjson.decode(ARGV[1])) do
  answers[index] = wish[1] == 'take' and take(wish) or settle(wish)
end
for _, bucket in pairs(held) do
  if bucket.heard_at then write(bucket, bucket.heard_at) end
end
return cjson.encode(answers)
