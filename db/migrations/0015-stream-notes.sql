-- What is remembered of a stream of a connection from one reading to the next, besides its place and its turn: what its numbers were and how much it
-- brought, what of it is not believed, which metrics its platform refuses.

create table stream_note (
  environment_id text not null,
  connection_id text not null,
  stream text not null,
  note jsonb not null,
  primary key (environment_id, connection_id, stream)
);
select patchbay_make_tenant_table('stream_note');

-- Who looks at a connection decides how often it is read; and so does whoever chose another interval for a while.
create table connection_attention (
  environment_id text not null,
  connection_id text not null,
  looked_at timestamptz,
  chosen jsonb,
  primary key (environment_id, connection_id)
);
select patchbay_make_tenant_table('connection_attention');

-- Which fields the answers to an app have, by stream.
create table answer_shape (
  environment_id text not null,
  integration_id text not null,
  stream text not null,
  shape jsonb not null,
  primary key (environment_id, integration_id, stream)
);
select patchbay_make_tenant_table('answer_shape');

-- Days of a stream that somebody wants read again or for the first time. waiting: to be taken up from ready_at on · running: claimed · paused, cancelled: by
-- a person · done · failed. Its place in the walk is a row of `place`, under its own id instead of a stream's name.
create table backfill (
  environment_id text not null,
  id text not null,
  connection_id text not null,
  integration_id text not null,
  provider text not null,
  stream text not null,
  first_day text not null,
  last_day text not null,
  state text not null check (state in ('waiting', 'running', 'paused', 'cancelled', 'done', 'failed')),
  fault text,
  says text,
  failures integer not null,
  ready_at timestamptz not null,
  claim text,
  claimed_until timestamptz,
  pages integer not null,
  calls integer not null,
  written integer not null,
  seen_from text,
  seen_to text,
  actor text not null,
  created_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  primary key (environment_id, id)
);
-- One at a time of a stream of a connection: two would ask for the same.
create unique index backfill_open on backfill (environment_id, connection_id, stream) where state in ('waiting', 'running', 'paused');
create index backfill_ready on backfill (ready_at) where state in ('waiting', 'running');
select patchbay_make_system_table('backfill');
