-- What every script begins with. A bucket is a hash of numbers, with a field `t:TICKET` for each draw that is under way, and a sorted set of what ended
-- in a rolling window: `AMOUNT ID`, by the last instant at which it counts. `entries` is how long that set is: whichever of the two keys Redis gives
-- up to make room, the other shows it. The numbers mean what they mean in the memory driver.
local life = KEYS[1]
local numbers = {
  'quota_limit', 'rolling_ms', 'parked_until', 'flying', 'tickets', 'oldest', 'settled', 'entries', 'first', 'starts_at', 'ends_at', 'used',
  'kept_until', 'share', 'lent_until', 'asked_at',
}

-- Whole and fractional numbers survive the way back to the client as text only.
local function text(number)
  return string.format('%.17g', number)
end

local function read(name)
  local bucket = { name = name, key = life .. 'bucket:' .. name, log = life .. 'log:' .. name, adds = {}, drops = {}, taken = {} }
  local stored = redis.call('HMGET', bucket.key, unpack(numbers))
  bucket.stored = stored
  for index, field in ipairs(numbers) do bucket[field] = tonumber(stored[index] or 0) end
  if redis.call('ZCARD', bucket.log) == bucket.entries then return bucket end
  -- Half of it was given up. The other half would say that less is used than is.
  redis.call('DEL', bucket.key, bucket.log)
  return read(name)
end

-- Writes what was put off, at once for many: a command costs more than what it does.
local function write_log(bucket)
  local adds = bucket.adds
  for from = 1, #adds, 1000 do redis.call('ZADD', bucket.log, unpack(adds, from, math.min(from + 999, #adds))) end
  bucket.adds = {}
end

local function write_tickets(bucket)
  local drops, changes = bucket.drops, {}
  for from = 1, #drops, 1000 do redis.call('HDEL', bucket.key, unpack(drops, from, math.min(from + 999, #drops))) end
  for field, stored in pairs(bucket.taken) do
    if stored then
      changes[#changes + 1] = field
      changes[#changes + 1] = stored
    end
  end
  for from = 1, #changes, 1000 do redis.call('HSET', bucket.key, unpack(changes, from, math.min(from + 999, #changes))) end
  bucket.drops, bucket.taken = {}, {}
end

local function ticket_of(bucket, field)
  local stored = bucket.taken[field]
  if stored == nil then return redis.call('HGET', bucket.key, field) end
  return stored
end

-- `now`: from when its time to live is counted, which is for a while longer than anything in it counts.
local function write(bucket, now)
  write_log(bucket)
  write_tickets(bucket)
  local changes = {}
  local needed = math.max(now + ticket_ms + bucket.rolling_ms, bucket.ends_at, bucket.parked_until, bucket.lent_until + ticket_ms)
  local renewed = needed > bucket.kept_until
  if renewed then bucket.kept_until = needed + ticket_ms end
  for index, field in ipairs(numbers) do
    if bucket[field] ~= tonumber(bucket.stored[index] or 0) then
      changes[#changes + 1] = field
      changes[#changes + 1] = bucket[field]
    end
  end
  if #changes > 0 then redis.call('HSET', bucket.key, unpack(changes)) end
  if renewed then
    redis.call('PEXPIRE', bucket.key, math.ceil(bucket.kept_until - now))
    redis.call('ZADD', life .. 'names', 0, bucket.name)
  end
  if bucket.entries > 0 and (renewed or bucket.fresh) then redis.call('PEXPIRE', bucket.log, math.ceil(bucket.kept_until - now)) end
end

local function add(bucket, counts_until, amount, id)
  local adds = bucket.adds
  bucket.settled = bucket.settled + amount
  -- What ends together is one entry.
  if adds[#adds - 1] == counts_until then
    bucket.added = bucket.added + amount
    adds[#adds] = text(bucket.added) .. ' ' .. id
    return
  end
  bucket.added = amount
  adds[#adds + 1] = counts_until
  adds[#adds + 1] = (amount == 1 and '1' or text(amount)) .. ' ' .. id
  if bucket.entries == 0 then
    bucket.first = counts_until
    bucket.fresh = true
  end
  bucket.first = math.min(bucket.first, counts_until)
  bucket.entries = bucket.entries + 1
end

-- A draw that was under way ended at `at`.
local function finish(bucket, draw, amount, at, sent, id)
  bucket.flying = bucket.flying - amount
  if draw.kind == 'rolling' then
    if sent and amount > 0 then add(bucket, at + draw.rolling_ms, amount, id) end
  elseif draw.kind == 'fixed' and (not sent or at < bucket.starts_at) then
    bucket.used = math.max(0, bucket.used - amount)
  end
end

local function parse_draw(stored)
  local amount, taken_at, kind, rolling_ms = string.match(stored, '^(%S+) (%S+) (%S+) (%S+)$')
  return { amount = tonumber(amount), taken_at = tonumber(taken_at), kind = kind, rolling_ms = tonumber(rolling_ms) }
end

local function drop_ticket(bucket, field)
  bucket.drops[#bucket.drops + 1] = field
  bucket.taken[field] = false
  bucket.tickets = bucket.tickets - 1
  if bucket.tickets == 0 then
    -- Fractions of money do not add up to exactly nothing.
    bucket.flying = 0
    bucket.oldest = 0
  end
end

-- Ends draws that nobody settled, then leaves out what counts no more.
local function forget(bucket, now)
  -- Which draw is the oldest is worked out when the one that was is due: until then `oldest` may be earlier than any that is left.
  if bucket.tickets > 0 and bucket.oldest + ticket_ms < now then
    write_tickets(bucket)
    local oldest = now
    local stored = redis.call('HGETALL', bucket.key)
    for index = 1, #stored, 2 do
      if string.sub(stored[index], 1, 2) == 't:' then
        local draw = parse_draw(stored[index + 1])
        if draw.taken_at + ticket_ms < now then
          finish(bucket, draw, draw.amount, draw.taken_at + ticket_ms, true, string.sub(stored[index], 3) .. '/lost')
          drop_ticket(bucket, stored[index])
        else
          oldest = math.min(oldest, draw.taken_at)
        end
      end
    end
    if bucket.tickets > 0 then bucket.oldest = oldest end
  end
  if bucket.entries > 0 and bucket.first < now then
    write_log(bucket)
    local before = '(' .. text(now)
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', bucket.log, '-inf', before)) do
      bucket.settled = bucket.settled - tonumber(string.match(member, '^%S+'))
      bucket.entries = bucket.entries - 1
    end
    redis.call('ZREMRANGEBYSCORE', bucket.log, '-inf', before)
    if bucket.entries == 0 then
      bucket.settled = 0
      bucket.first = 0
    else
      bucket.first = tonumber(redis.call('ZRANGE', bucket.log, 0, 0, 'WITHSCORES')[2])
    end
  end
end

-- A bucket is as the newest draw says. A new day that began stays begun, since what is under way right now may count in it.
local function turn_page(bucket, quota_limit, kind, one, other)
  bucket.quota_limit = quota_limit
  bucket.rolling_ms = kind == 'rolling' and one or 0
  if kind == 'fixed' and one > bucket.starts_at then
    bucket.starts_at = one
    bucket.ends_at = other
    bucket.used = bucket.flying
  elseif kind == 'fixed' and one == bucket.starts_at then
    bucket.ends_at = other
  end
end

-- A call that ends after its day counts in the next one as well, also where nobody took from that yet: it begins with what is under way. How long it is
-- says whoever takes next; until then it is taken to be as long as the one before.
local function turn_late(bucket, at)
  if at < bucket.ends_at then return end
  forget(bucket, at)
  local length = bucket.ends_at - bucket.starts_at
  bucket.starts_at = bucket.ends_at + math.floor((at - bucket.ends_at) / length) * length
  bucket.ends_at = bucket.starts_at + length
  bucket.used = bucket.flying
end
