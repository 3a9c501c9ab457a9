-- Which quota held the last reading back, so that a stream says what it waits for. A server that does not know the column leaves an older name there;
-- it counts only while the last fault is a wait for a quota.

alter table schedule add column last_quota text;

-- What the last runs of a stream cost is looked up by stream, newest first; ids are in the order of time.
create index run_of_stream on run (environment_id, integration_id, stream, id);
