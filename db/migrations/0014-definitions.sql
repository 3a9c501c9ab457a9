-- Platforms that an environment describes itself, beside those of the catalog.

create table provider_definition (
  environment_id text not null,
  id text not null,
  -- Counts up with each replacement.
  version integer not null,
  -- Of the document's text: what every process compares with what it compiled.
  digest text not null,
  -- As it was written: the order of its parts is the order in which they are shown.
  document json not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (environment_id, id)
);
select patchbay_make_tenant_table('provider_definition');
