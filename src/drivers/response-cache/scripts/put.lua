-- KEYS[1]: what every key of ours begins with. ARGV: place, name, text, now, until, most bytes of a place, most of all, epoch.
local place, name, text = ARGV[1], ARGV[2], ARGV[3]
local lasts = tonumber(ARGV[5]) - tonumber(ARGV[4])
local most_of_place, most_of_all = tonumber(ARGV[6]), tonumber(ARGV[7])
if #text > most_of_place or lasts <= 0 then return 0 end
if redis.call('GET', epoch_of(place)) ~= ARGV[8] then return 0 end

local own = of(place)
local before = redis.call('HGET', own, name)
local growth = #text - (before and #before - #before:match('^%d+ ') or 0)
local size = tonumber(redis.call('HGET', sizes, place) or 0)
-- Its texts may have run out all together, and their size is still written down.
if size > 0 and redis.call('EXISTS', own) == 0 then
  drop(place)
  size = 0
end
if size + growth > most_of_place then
  drop(place)
  growth = #text
end

redis.call('HSET', own, name, ARGV[5] .. ' ' .. text)
if redis.call('PTTL', own) < lasts then redis.call('PEXPIRE', own, lasts) end
redis.call('HINCRBY', sizes, place, growth)
local all = redis.call('INCRBY', total, growth)
redis.call('ZADD', order, redis.call('INCR', count), place)

while all > most_of_all do
  local oldest = redis.call('ZRANGE', order, 0, 0)[1]
  if oldest then drop(oldest) end
  -- Whoever is short of memory may have thrown away one of the books: where nothing is left, all of them begin anew.
  if redis.call('ZCARD', order) == 0 then
    redis.call('DEL', sizes, total)
    break
  end
  all = tonumber(redis.call('GET', total))
end
-- They end together, and long after everything that they count.
for _, book in ipairs({ sizes, total, order, count }) do redis.call('PEXPIRE', book, books_last) end
return 1
