-- What is only written to be counted. Rows are added, and deleted when they are old; nothing else reads them.

-- Readings that failed, and the first one after each that went well.
create table reading_end (
  environment_id text not null,
  connection_id text collate "C" not null,
  stream text collate "C" not null,
  run_id text collate "C" not null,
  provider text not null,
  fault text,
  blocked text,
  at timestamptz not null,
  primary key (environment_id, at, connection_id, stream, run_id)
);
select patchbay_make_system_table('reading_end');

-- One sign of life a minute and process.
create table heartbeat (
  minute timestamptz not null,
  process text not null,
  planner text,
  primary key (minute, process)
);
select patchbay_make_system_table('heartbeat');

-- Requests to our own API. The environment is '' for those who were not recognised, so that it can stand in the key.
create table request_count (
  environment_id text not null,
  minute timestamptz not null,
  operation text not null,
  ok integer not null,
  refused integer not null,
  failed integer not null,
  upstream integer not null,
  "left" integer not null,
  primary key (environment_id, minute, operation)
);
select patchbay_make_system_table('request_count');

-- Somebody waited for fresh numbers.
create table refresh_wait (
  environment_id text not null,
  id text not null,
  connection_id text not null,
  provider text not null,
  asked_at timestamptz not null,
  ended_at timestamptz not null,
  ended text not null check (ended in ('fresh', 'failed', 'not_in_time')),
  primary key (environment_id, id)
);
create index refresh_wait_asked on refresh_wait (environment_id, asked_at);
select patchbay_make_system_table('refresh_wait');

-- Rows are written in the order of time, so a summary of each block is enough to find a window, and costs next to nothing to keep.
create index call_started on call using brin (started_at);
create index run_ended on run using brin (ended_at);
create index transition_at on transition (environment_id, at);
