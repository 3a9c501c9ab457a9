-- KEYS[1]: what every key of ours begins with. ARGV: place.
drop(ARGV[1])
redis.call('DEL', epoch_of(ARGV[1]))
return 1
