-- What a person sees: tasks that can be put off or turned down, the channels that tell of them, and a reconnect that came back as somebody else.

-- What a task is about when it is no connection: an integration, a channel.
alter table task add column subject text;
-- Open tasks that ask for nothing right now. Both stay open, so that the same is not asked for again, and close by themselves when it is done.
alter table task add column snoozed_until timestamptz;
alter table task add column dismissed_at timestamptz;
create unique index task_open_subject on task (environment_id, subject, kind) where closed_at is null and subject is not null;
create index task_standing on task (environment_id, id) where closed_at is null;

create table notification_channel (
  environment_id text not null,
  id text not null,
  kind text not null check (kind in ('console', 'email', 'webhook')),
  name text not null,
  enabled boolean not null,
  address jsonb not null,
  -- Sealed by the vault.
  secret text,
  -- Null: tasks of every kind.
  kinds text[],
  quiet jsonb,
  failing_since timestamptz,
  failing_says text,
  created_at timestamptz not null,
  primary key (environment_id, id)
);
select patchbay_make_tenant_table('notification_channel');
select patchbay_let_system_read('notification_channel', array['environment_id', 'enabled']);

-- One row a task and channel, for good: that is what makes it one notice.
-- waiting → sent | waiting (tried in vain, or put off) | held (quiet hours) | failed (tried for too long) | moot (the task was done before).
-- held → as waiting, once the quiet hours are over. claimed_until: somebody is at it.
create table notice (
  environment_id text not null,
  task_id text not null,
  channel_id text not null,
  state text not null check (state in ('waiting', 'held', 'sent', 'failed', 'moot')),
  -- The letter that it goes out in, alone or with others; the same for every try.
  letter text,
  attempts integer not null,
  next_at timestamptz not null,
  claimed_until timestamptz,
  says text,
  made_at timestamptz not null,
  sent_at timestamptz,
  read_at timestamptz,
  primary key (environment_id, task_id, channel_id)
);
create index notice_due on notice (environment_id, channel_id, next_at) where state in ('waiting', 'held');
create index notice_unread on notice (environment_id, channel_id, task_id) where state = 'sent' and read_at is null;
select patchbay_make_tenant_table('notice');

-- Somebody else than the account's owner signed in; what they may choose from stands here and not in an address.
alter table connect_session add column mismatch jsonb;
alter table flow add column as_new boolean not null default false;
