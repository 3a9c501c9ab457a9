-- What came in is worked through: in order for each account, with another try after a failure, and by whoever claimed it.

alter table message
  -- Which of the provider's addresses it came to; null for the one of its webhook.
  add column callback text,
  -- The provider's accounts that it is about, and what kinds of event it carries.
  add column accounts text[] not null default '{}',
  add column types text[] not null default '{}',
  add column signed_at timestamptz,
  add column attempts integer not null default 0,
  add column due_at timestamptz not null default to_timestamp(0),
  add column claim text,
  add column says text,
  add column effects jsonb;

-- The head of each environment's line, and nothing behind it, is looked at. The index before it was of no use to any server.
drop index message_waiting;
create index message_due on message (environment_id, due_at, id) where state = 'received';
-- Whose accounts nobody had connected: asked for when somebody does.
create index message_unmatched on message using gin (accounts) where state = 'unmatched';
create index message_processed on message (environment_id, processed_at) where state <> 'received';

grant select (due_at) on message to patchbay_system;

-- Anything typed that a provider told of: a mention, a message, a lead, a payment. One row a thing; the newest state counts, by the provider's clock
-- where it names one.
create table record (
  environment_id text not null,
  connection_id text not null,
  kind text not null,
  key text not null,
  id text not null,
  data jsonb not null,
  at timestamptz not null,
  removed boolean not null,
  first_seen_at timestamptz not null,
  seen_at timestamptz not null,
  message_id text not null,
  primary key (environment_id, connection_id, kind, key)
);
create index record_newest on record (environment_id, kind, id);
select patchbay_make_tenant_table('record');

-- Earlier values are never changed, and go only with everything else of an account whose owner asked for that.
grant delete on observation_revision to patchbay_tenant;
