-- ARGV: now, how much is used, an id, name, limit, kind, two numbers of the window.
local now, used = tonumber(ARGV[1]), tonumber(ARGV[2])
local kind, one, other = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local bucket = read(ARGV[4])
forget(bucket, now)
turn_page(bucket, tonumber(ARGV[5]), kind, one, other)
if kind == 'rolling' then
  local more = used - bucket.flying - bucket.settled
  if more > 0 then add(bucket, now + one, more, ARGV[3]) end
elseif kind == 'fixed' and one == bucket.starts_at then
  bucket.used = math.max(bucket.used, used)
end
write(bucket, now)
