-- The tables of the backbone. Every key leads with environment_id; time and ids come from outside; nothing is ever deleted by a cascade.
-- Instants are timestamptz, calendar days are date and are days in the zone that stands beside them.

-- Lets the planner read some columns of a tenant table across environments: ids and times, never content.
create function patchbay_let_system_read(tenant_table regclass, columns text[]) returns void language plpgsql as $$
begin
  execute format('create policy system on %s as permissive for select to patchbay_system using (true)', tenant_table);
  execute format('grant select (%s) on %s to patchbay_system', (select string_agg(format('%I', c), ', ') from unnest(columns) c), tenant_table);
end
$$;
revoke execute on function patchbay_let_system_read(regclass, text[]) from public;

-- Workspaces and their halves -------------------------------------------------------------------------------------------------

-- The list of environments itself belongs to nobody's environment.
create table environment (
  id text primary key,
  workspace text not null,
  mode text not null check (mode in ('test', 'live')),
  created_at timestamptz not null
);
select patchbay_make_system_table('environment');

create table data_key (
  environment_id text not null,
  version integer not null,
  key_id text not null,
  wrapped bytea not null,
  created_at timestamptz not null,
  retired_at timestamptz,
  primary key (environment_id, version)
);
select patchbay_make_system_table('data_key');

-- One row: recognises a wrong key-encryption key before anything is written with it.
create table key_check (
  singleton boolean primary key check (singleton),
  key_id text not null,
  value bytea not null
);
select patchbay_make_system_table('key_check');

create table access_key (
  environment_id text not null,
  id text not null,
  hash text not null,
  name text not null,
  hint text not null,
  scopes text[] not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  primary key (environment_id, id)
);
create index access_key_hash on access_key (hash);
select patchbay_make_system_table('access_key');

create table idempotency (
  environment_id text not null,
  key text not null,
  request_hash text not null,
  started_at timestamptz not null,
  status integer,
  body jsonb,
  primary key (environment_id, key)
);
create index idempotency_age on idempotency (started_at);
select patchbay_make_tenant_table('idempotency');

-- What is set up --------------------------------------------------------------------------------------------------------------

create table integration (
  environment_id text not null,
  id text not null,
  provider text not null,
  name text not null,
  client_id text,
  client_secret text,
  settings jsonb not null,
  scopes text[] not null,
  enabled boolean not null,
  incident jsonb,
  created_at timestamptz not null,
  primary key (environment_id, id)
);
create index integration_address on integration (id);
select patchbay_make_tenant_table('integration');
select patchbay_let_system_read('integration', array['environment_id', 'id']);

create table profile (
  environment_id text not null,
  id text not null,
  name text not null,
  created_at timestamptz not null,
  primary key (environment_id, id)
);
select patchbay_make_tenant_table('profile');

-- Connections -----------------------------------------------------------------------------------------------------------------

-- live → (refresh asked, answer lost) unknown → live | dead. live → dead by a confirmed terminal answer. any → revoked by us.
create table account_grant (
  environment_id text not null,
  id text not null,
  integration_id text not null,
  subject_id text not null,
  subject_name text not null,
  scopes text[] not null,
  access text,
  refresh text,
  previous_refresh text,
  generation integer not null,
  state text not null check (state in ('live', 'unknown', 'dead', 'revoked')),
  cause text,
  consented_at timestamptz not null,
  refreshed_at timestamptz not null,
  access_expires_at timestamptz,
  refresh_expires_at timestamptz,
  data_access_expires_at timestamptz,
  refresh_due_at timestamptz,
  lease_id text,
  lease_until timestamptz,
  attempts integer not null,
  primary key (environment_id, id)
);
create index account_grant_subject on account_grant (environment_id, integration_id, subject_id);
create index account_grant_due on account_grant (refresh_due_at) where refresh_due_at is not null;
select patchbay_make_tenant_table('account_grant');
select patchbay_let_system_read('account_grant', array['environment_id', 'id', 'refresh_due_at', 'lease_until', 'state']);

-- States and edges: src/ports/connections.ts.
create table connection (
  environment_id text not null,
  id text not null,
  profile_id text not null,
  provider text not null,
  integration_id text not null,
  grant_id text not null,
  account_id text not null,
  account jsonb not null,
  inputs jsonb not null,
  state text not null check (state in ('pending', 'healthy', 'degraded', 'needs_reauth', 'revoked', 'disconnected', 'paused')),
  reason text,
  missing_scopes text[] not null,
  state_at timestamptz not null,
  created_at timestamptz not null,
  primary key (environment_id, id)
);
create unique index connection_account on connection (environment_id, profile_id, integration_id, account_id) where state <> 'disconnected';
create index connection_grant on connection (environment_id, grant_id);
create index connection_by_account on connection (environment_id, provider, account_id);
select patchbay_make_tenant_table('connection');

create table transition (
  environment_id text not null,
  connection_id text not null,
  sequence bigint generated always as identity,
  from_state text,
  to_state text not null,
  reason text,
  actor text not null,
  at timestamptz not null,
  primary key (environment_id, connection_id, sequence)
);
select patchbay_make_tenant_table('transition');
revoke update, delete on transition from patchbay_tenant;

-- Found by hashes of 256-bit tokens before the environment is known.
create table connect_session (
  environment_id text not null,
  id text not null,
  token_hash text not null,
  profile_id text not null,
  integration_ids text[],
  inputs jsonb not null,
  return_url text,
  reconnect text,
  browser_hash text,
  expires_at timestamptz not null,
  used_at timestamptz,
  result jsonb,
  created_at timestamptz not null,
  primary key (environment_id, id)
);
create index connect_session_token on connect_session (token_hash);
create index connect_session_id on connect_session (id);
create index connect_session_expiry on connect_session (expires_at);
select patchbay_make_system_table('connect_session');

create table flow (
  environment_id text not null,
  state_hash text not null,
  session_id text not null,
  integration_id text not null,
  browser_hash text not null,
  verifier text not null,
  redirect_uri text not null,
  scopes text[] not null,
  inputs jsonb not null,
  expires_at timestamptz not null,
  primary key (environment_id, state_hash)
);
create index flow_state on flow (state_hash);
create index flow_expiry on flow (expires_at);
select patchbay_make_system_table('flow');

-- Who is due, when ------------------------------------------------------------------------------------------------------------

-- due → claimed (until) → due again at its next time, or blocked. A claim that runs out is due again.
-- ready_at is when it may be claimed next: when it is due, when its claim runs out, or when whoever gave it back said.
-- woken_at: somebody wants it run again although it is running.
create table schedule (
  environment_id text not null,
  connection_id text not null,
  stream text not null,
  provider text not null,
  integration_id text not null,
  every_ms bigint not null,
  due_at timestamptz not null,
  lane smallint not null,
  failures integer not null,
  blocked text,
  claim text,
  claimed_until timestamptz,
  ready_at timestamptz not null,
  woken_at timestamptz,
  last_run_id text,
  last_ended_at timestamptz,
  synced_at timestamptz,
  last_fault text,
  primary key (environment_id, connection_id, stream)
);
-- The order of claiming is the order of this index, so that the planner reads what it takes and nothing else, at any size.
create index schedule_due on schedule (lane, ready_at) where blocked is null;
create index schedule_companions on schedule (environment_id, integration_id, stream, ready_at) where blocked is null;
select patchbay_make_system_table('schedule');

-- What was read ---------------------------------------------------------------------------------------------------------------

create table place (
  environment_id text not null,
  connection_id text not null,
  stream text not null,
  cursor jsonb,
  checkpoint jsonb,
  saved_at timestamptz not null,
  primary key (environment_id, connection_id, stream)
);
select patchbay_make_tenant_table('place');

-- The value as known now. `item` and `dimensions` are '' where there are none, so that they can stand in the key. The key ends in `day`, the column
-- that partitions by month.
create table observation (
  environment_id text not null,
  connection_id text collate "C" not null,
  metric text collate "C" not null,
  item text collate "C" not null,
  dimensions text collate "C" not null,
  day date not null,
  timezone text not null,
  value double precision,
  reason text,
  provenance text not null,
  native text not null,
  version text,
  final boolean not null,
  stream text not null,
  observed_at timestamptz not null,
  run_id text not null,
  revision integer not null,
  primary key (environment_id, connection_id, metric, item, dimensions, day)
) partition by range (day);
select patchbay_make_tenant_table('observation');

-- What a value was before it was restated. Only ever added to.
create table observation_revision (
  environment_id text not null,
  connection_id text collate "C" not null,
  metric text collate "C" not null,
  item text collate "C" not null,
  dimensions text collate "C" not null,
  day date not null,
  timezone text not null,
  value double precision,
  reason text,
  provenance text not null,
  native text not null,
  version text,
  final boolean not null,
  stream text not null,
  observed_at timestamptz not null,
  run_id text not null,
  revision integer not null,
  primary key (environment_id, connection_id, metric, item, dimensions, day, revision)
);
select patchbay_make_tenant_table('observation_revision');
revoke update, delete on observation_revision from patchbay_tenant;

-- The table keeps its own history: however a value comes to be replaced, and whoever is quicker, the one before is kept.
create function patchbay_keep_revision() returns trigger language plpgsql as $$
begin
  insert into observation_revision select old.*;
  return null;
end
$$;
revoke execute on function patchbay_keep_revision() from public;
create trigger keep_revision after update on observation for each row
  when (old.revision is distinct from new.revision) execute function patchbay_keep_revision();

-- Makes the partitions of the months from first to last. Outside of them rows go into the default partition, and are found all the same.
create function patchbay_make_months(first date, last date) returns integer language plpgsql as $$
declare
  month date := date_trunc('month', first)::date;
  name text;
  made integer := 0;
begin
  while month <= last loop
    name := 'observation_' || to_char(month, 'YYYY_MM');
    if to_regclass(name) is null then
      execute format('create table %I partition of observation for values from (%L) to (%L)', name, month, (month + interval '1 month')::date);
      perform patchbay_make_tenant_table(name::regclass);
      made := made + 1;
    end if;
    month := (month + interval '1 month')::date;
  end loop;
  return made;
end
$$;
revoke execute on function patchbay_make_months(date, date) from public;
create table observation_default partition of observation default;
select patchbay_make_tenant_table('observation_default');
select patchbay_make_months('2024-01-01', '2027-12-31');

-- published_at is '' where nobody knows. seen_at is kept to the day, so that an item which is still there costs no write each time it is seen.
create table item (
  environment_id text not null,
  connection_id text collate "C" not null,
  id text collate "C" not null,
  kind text not null,
  title text not null,
  url text,
  image_url text,
  published_at text collate "C" not null,
  duration_ms bigint,
  status text,
  identifiers jsonb not null,
  first_seen_at timestamptz not null,
  seen_at timestamptz not null,
  removed_at timestamptz,
  primary key (environment_id, connection_id, id)
);
create index item_newest on item (environment_id, connection_id, published_at desc);
select patchbay_make_tenant_table('item');

create table audience (
  environment_id text not null,
  connection_id text not null,
  population text not null,
  dimensions text not null,
  period_end date not null,
  period_start date,
  basis text not null,
  rows jsonb not null,
  observed_at timestamptz not null,
  primary key (environment_id, connection_id, population, dimensions, period_end)
);
select patchbay_make_tenant_table('audience');

-- Rows that could not be read: kept and counted, never in the way of the others.
create table refused_row (
  environment_id text not null,
  connection_id text not null,
  stream text not null,
  what text not null,
  why text not null,
  run_id text not null,
  first_at timestamptz not null,
  at timestamptz not null,
  times integer not null,
  primary key (environment_id, connection_id, stream, what)
);
select patchbay_make_tenant_table('refused_row');

-- What happened ---------------------------------------------------------------------------------------------------------------

create table run (
  environment_id text not null,
  id text not null,
  provider text not null,
  integration_id text not null,
  stream text not null,
  connection_ids text[] not null,
  trigger text not null,
  lane text not null,
  state text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  pages integer not null,
  calls integer not null,
  inserted integer not null,
  restated integer not null,
  unchanged integer not null,
  items integer not null,
  refused integer not null,
  fault text,
  says text,
  primary key (environment_id, id)
);
create index run_connections on run using gin (connection_ids);
create index run_unfinished on run (environment_id, stream) where state = 'running';
select patchbay_make_tenant_table('run');

create table call (
  environment_id text not null,
  id text not null,
  connection_id text,
  integration_id text,
  run_id text,
  provider text not null,
  lane text not null,
  method text not null,
  address text not null,
  attempts integer not null,
  status integer,
  fault text,
  cost jsonb not null,
  started_at timestamptz not null,
  duration_ms integer not null,
  waited_ms integer not null,
  request_bytes bigint not null,
  response_bytes bigint not null,
  request_id text,
  primary key (environment_id, id)
);
create index call_connection on call (environment_id, connection_id, id);
create index call_run on call (environment_id, run_id);
select patchbay_make_tenant_table('call');

-- The outbox: every committed change has its events here, in the same transaction.
create table event (
  environment_id text not null,
  sequence bigint generated always as identity,
  id text not null,
  type text not null,
  connection_id text,
  profile_id text,
  data jsonb not null,
  at timestamptz not null,
  primary key (environment_id, sequence)
);
create unique index event_id on event (environment_id, id);
select patchbay_make_tenant_table('event');

create table task (
  environment_id text not null,
  id text not null,
  kind text not null,
  connection_id text,
  title text not null,
  description text not null,
  category text not null,
  priority text not null,
  impact integer not null,
  due_at timestamptz,
  opened_at timestamptz not null,
  closed_at timestamptz,
  primary key (environment_id, id)
);
-- A connection has at most one open task of a kind: opening it again is no second task.
create unique index task_open on task (environment_id, connection_id, kind) where closed_at is null;
select patchbay_make_tenant_table('task');

create table audit (
  environment_id text not null,
  sequence bigint generated always as identity,
  id text not null,
  actor text not null,
  action text not null,
  subject text not null,
  detail jsonb not null,
  at timestamptz not null,
  primary key (environment_id, sequence)
);
select patchbay_make_tenant_table('audit');
revoke update, delete on audit from patchbay_tenant;

create table message (
  environment_id text not null,
  id text not null,
  integration_id text not null,
  provider text not null,
  dedupe text not null,
  headers jsonb not null,
  body bytea not null,
  received_at timestamptz not null,
  state text not null,
  fault text,
  processed_at timestamptz,
  claimed_until timestamptz,
  primary key (environment_id, id)
);
create unique index message_dedupe on message (environment_id, integration_id, dedupe);
create index message_waiting on message (received_at) where state = 'received';
select patchbay_make_tenant_table('message');
select patchbay_let_system_read('message', array['environment_id', 'id', 'received_at', 'state', 'claimed_until']);

-- Quotas ----------------------------------------------------------------------------------------------------------------------

-- Buckets are named after integrations; what stands here is arithmetic, no tenant's content. Names are compared by byte, so that every process
-- locks several of them in the same order and a prefix is a range of the index.
create table quota_bucket (
  bucket text collate "C" primary key,
  quota_limit double precision not null,
  rolling_ms bigint,
  -- Calendar windows: the newest one seen, and what counts in it.
  window_start timestamptz,
  window_end timestamptz,
  used double precision not null,
  parked_until timestamptz,
  updated_at timestamptz not null
);
select patchbay_make_system_table('quota_bucket');

-- One row a ticket and bucket. taken → settled (a rolling window counts it until counts_until) | gone (a calendar window has it in its sum, a
-- concurrent one is over) → swept. A ticket that nobody settles stops being under way by its age.
create table quota_draw (
  bucket text collate "C" not null,
  ticket text not null,
  kind text not null check (kind in ('rolling', 'fixed', 'concurrent')),
  amount double precision not null,
  taken_at timestamptz not null,
  rolling_ms bigint,
  settled boolean not null,
  counts_until timestamptz not null,
  primary key (bucket, ticket)
);
create index quota_draw_ticket on quota_draw (ticket);
create index quota_draw_age on quota_draw (counts_until);
select patchbay_make_system_table('quota_draw');
