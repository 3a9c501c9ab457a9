-- Who an artist is on every platform: what platforms say of their accounts, which ISRCs items have, and which accounts are the artist's.

-- What a stream says of who an account is elsewhere: MBID, ISNI, addresses.
create table account_facts (
  environment_id text not null,
  connection_id text collate "C" not null,
  stream text collate "C" not null,
  facts jsonb not null,
  seen_at timestamptz not null,
  primary key (environment_id, connection_id, stream)
);
select patchbay_make_tenant_table('account_facts');

-- The ISRCs of items in their one form, so that who else has a recording is a look into an index.
create table item_isrc (
  environment_id text not null,
  connection_id text collate "C" not null,
  item text collate "C" not null,
  isrc text collate "C" not null,
  primary key (environment_id, connection_id, item, isrc)
);
create index item_isrc_code on item_isrc (environment_id, isrc, connection_id);
alter table item no force row level security;
insert into item_isrc (environment_id, connection_id, item, isrc)
select distinct environment_id, connection_id, id, isrc
from (
  select environment_id, connection_id, id, regexp_replace(
    regexp_replace(upper(part), '[\s\u2010-\u2015-]', '', 'g'), '^ISRC:?', '') as isrc
  from item cross join lateral unnest((regexp_split_to_array(identifiers ->> 'isrc', '[,;]'))[1:100]) as part
) as found
where isrc ~ '^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$';
alter table item force row level security;
select patchbay_make_tenant_table('item_isrc');

-- Which accounts are an artist's. found, suggested: as the rules say now · accepted, refused, manual: as a person said, which no rule changes.
-- target: `connection:ID` or `address:URL`. evidence: every rule that fired, through which of the artist's accounts, since when.
create table identity_link (
  environment_id text not null,
  profile_id text not null,
  target text collate "C" not null,
  name text,
  state text not null check (state in ('found', 'suggested', 'accepted', 'refused', 'manual')),
  confidence double precision not null,
  evidence jsonb not null,
  found_at timestamptz not null,
  seen_at timestamptz not null,
  decided_at timestamptz,
  decided_by text,
  primary key (environment_id, profile_id, target)
);
select patchbay_make_tenant_table('identity_link');

-- When the rules were last asked about an artist.
create table identity_check (
  environment_id text not null,
  profile_id text not null,
  checked_at timestamptz not null,
  primary key (environment_id, profile_id)
);
select patchbay_make_tenant_table('identity_check');
