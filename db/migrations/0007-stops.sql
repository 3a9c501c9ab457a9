-- Every process that holds blocks of quotas asks several times a second which buckets are parked. Few are.

create index quota_bucket_parked on quota_bucket (parked_until) where parked_until is not null;
