-- What was given up is forgotten after a month, and what was taken after more than three: looked for by when it ended alone, all that was taken in between
-- was walked through every hour. A server of before finds what it looks for by this index too.
create index delivery_failed on delivery (environment_id, ended_at) where state = 'failed';
drop index delivery_ended;
