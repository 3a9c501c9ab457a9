-- What platforms are asked to tell of: one row a connection, with what is wanted and how it stands at the platform.
create table subscription (
  environment_id text not null,
  id text not null,
  connection_id text not null,
  integration_id text not null,
  provider text not null,
  account text not null,
  topic text not null,
  kinds text[] not null,
  wanted boolean not null,
  state text not null check (state in ('missing', 'asked', 'active')),
  actual text[],
  until timestamptz,
  due_at timestamptz not null,
  attempts integer not null,
  fault text,
  drifts integer not null,
  asked_at timestamptz,
  confirmed_at timestamptz,
  checked_at timestamptz,
  created_at timestamptz not null,
  primary key (environment_id, id),
  unique (environment_id, connection_id)
);
create index subscription_due on subscription (due_at);
create index subscription_topic on subscription (environment_id, integration_id, topic);
select patchbay_make_tenant_table('subscription');
-- Whose turn it is, and nothing of what.
select patchbay_let_system_read('subscription', array['environment_id', 'due_at']);
