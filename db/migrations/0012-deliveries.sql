-- Events get a place in one order per environment, given after they are committed: the numbers of `sequence` are drawn before, so one that is lower may
-- become visible later, and whoever remembered how far it had read would pass it by. What has no place yet is what is still to be handed out; it is
-- found by that, and not by a memory of where somebody stood. Numbers of transactions would tell the same, but not in a database that was restored.
alter table event add column position bigint;
alter table event no force row level security;
update event set position = sequence;
alter table event force row level security;
create unique index event_position on event (environment_id, position) where position is not null;
create index event_unplaced on event (environment_id, sequence) where position is null;

-- How far the order goes, and up to which place events were forgotten. Its lock is what gives places one after the other.
create table event_place (
  environment_id text not null primary key,
  head bigint not null,
  swept bigint not null
);
select patchbay_make_tenant_table('event_place');
alter table event no force row level security;
alter table event_place no force row level security;
insert into event_place (environment_id, head, swept) select environment_id, max(position), 0 from event group by environment_id;
alter table event force row level security;
alter table event_place force row level security;

-- Where an application takes events.
create table endpoint (
  environment_id text not null,
  id text collate "C" not null,
  url text not null,
  description text not null,
  types text[],
  profiles text[],
  ordered boolean not null,
  secret text not null,
  keys jsonb not null,
  disabled jsonb,
  failures integer not null default 0,
  failing_since timestamptz,
  failing_says text,
  told_at timestamptz,
  rest_until timestamptz,
  created_at timestamptz not null,
  primary key (environment_id, id)
);
select patchbay_make_tenant_table('endpoint');
create trigger sealed before insert or update of secret on endpoint
  for each row execute function patchbay_check_sealed('secret');

-- That an endpoint is sent an event: one row for each pair of them. It waits until it was taken or given up.
create table delivery (
  environment_id text not null,
  event_id text collate "C" not null,
  endpoint_id text collate "C" not null,
  position bigint not null,
  state text not null check (state in ('waiting', 'delivered', 'failed')),
  attempts integer not null,
  next_at timestamptz not null,
  claim text,
  claimed_until timestamptz,
  tries jsonb not null,
  made_at timestamptz not null,
  ended_at timestamptz,
  primary key (environment_id, event_id, endpoint_id)
);
create index delivery_of_endpoint on delivery (environment_id, endpoint_id, event_id);
create index delivery_due on delivery (environment_id, endpoint_id, next_at) where state = 'waiting';
create index delivery_order on delivery (environment_id, endpoint_id, position) where state = 'waiting';
create index delivery_ended on delivery (environment_id, ended_at) where ended_at is not null;
select patchbay_make_tenant_table('delivery');
