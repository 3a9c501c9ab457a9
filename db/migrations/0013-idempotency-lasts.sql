-- How long an idempotency key is good for depends on what was asked: what is done on a platform for longer. Null is a day, as a server of the release before
-- writes it; beside such a server keys are forgotten after a day all the same, because it forgets by their age.

alter table idempotency add column good_until timestamptz;
create index idempotency_good_until on idempotency (good_until);
