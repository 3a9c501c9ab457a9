-- How much there is: of each place, of all together, and in which order places were last put to.
local books_last = 7 * 24 * 60 * 60 * 1000
local prefix = KEYS[1] .. 'response:'
local sizes, total, order, count = prefix .. 'sizes', prefix .. 'total', prefix .. 'order', prefix .. 'count'

local epoch_lasts = 60 * 60 * 1000

local function of(place) return prefix .. 'of:' .. place end
local function epoch_of(place) return prefix .. 'epoch:' .. place end

local function drop(place)
  redis.call('UNLINK', of(place))
  local size = tonumber(redis.call('HGET', sizes, place) or 0)
  if size > 0 then redis.call('DECRBY', total, size) end
  redis.call('HDEL', sizes, place)
  redis.call('ZREM', order, place)
end
