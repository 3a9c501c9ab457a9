-- What is due of an endpoint is taken by when it became so, and within a moment by place. Everything that is recovered becomes due in one moment, and
-- without the place in the index all of it was sorted for every two hundred. The index before is the beginning of this one.
create index delivery_due_in_order on delivery (environment_id, endpoint_id, next_at, position) where state = 'waiting';
drop index delivery_due;
