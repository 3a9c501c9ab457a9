-- When a grant ends unless a person consents again, and when that is next to be warned of. Null while it renews itself.
alter table account_grant
  add column ends_at timestamptz,
  add column warn_due_at timestamptz;
create index account_grant_warning on account_grant (warn_due_at) where warn_due_at is not null;
grant select (warn_due_at) on account_grant to patchbay_system;

-- What follows looks at the rows of every environment, which the owner of the tables sees only while row level security does not bind it.
alter table account_grant no force row level security;
alter table connection no force row level security;

update account_grant set ends_at = data_access_expires_at, warn_due_at = data_access_expires_at - interval '14 days'
where data_access_expires_at is not null and state in ('live', 'unknown');

-- A person has one usable grant at an integration. Two first consents in one instant may have left two: the newest keeps the connections, and the
-- tokens of the others are dropped, as a consent drops those of the grant that it replaces.
with ranked as (
  select environment_id, id, first_value(id) over person as newest
  from account_grant where state in ('live', 'unknown') and subject_id <> ''
  window person as (partition by environment_id, integration_id, subject_id order by consented_at desc, id collate "C" desc)
), second_grant as (
  select * from ranked where id <> newest
), moved as (
  update connection set grant_id = second_grant.newest
  from second_grant where connection.environment_id = second_grant.environment_id and connection.grant_id = second_grant.id
)
update account_grant set
  access = null, refresh = null, previous_refresh = null, state = 'revoked', generation = generation + 1,
  refresh_due_at = null, warn_due_at = null, lease_id = null, lease_until = null
from second_grant where account_grant.environment_id = second_grant.environment_id and account_grant.id = second_grant.id;

alter table account_grant force row level security;
alter table connection force row level security;
create unique index account_grant_person on account_grant (environment_id, integration_id, subject_id)
  where state in ('live', 'unknown') and subject_id <> '';

-- What was wrong with an app, or with the platform as a whole, from when to when. The open one is the integration's own.
create table incident (
  environment_id text not null,
  id text not null,
  integration_id text not null,
  provider text not null,
  code text not null,
  says text not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  primary key (environment_id, id)
);
create unique index incident_open on incident (environment_id, integration_id) where closed_at is null;
select patchbay_make_tenant_table('incident');
