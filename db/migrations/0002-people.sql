-- People who sign in to the console. The shapes are better-auth's, which reads and writes them; nothing here belongs to an environment.
create schema people;

do $$
begin
  if not exists (select from pg_roles where rolname = 'patchbay_people') then
    begin
      create role patchbay_people nologin nosuperuser nobypassrls noinherit;
    exception
      when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role(current_user, 'patchbay_people', 'member')
     or (current_setting('server_version_num')::int >= 160000 and not pg_has_role(current_user, 'patchbay_people', 'set')) then
    execute format(
      case when current_setting('server_version_num')::int >= 160000
        then 'grant patchbay_people to %I with inherit false, set true'
        else 'grant patchbay_people to %I' end,
      current_user);
  end if;
end
$$;
grant usage on schema people to patchbay_people;

create table people."user" (
  "id" text primary key,
  "name" text not null,
  "email" text not null unique,
  "emailVerified" boolean not null,
  "image" text,
  "createdAt" timestamptz not null default current_timestamp,
  "updatedAt" timestamptz not null default current_timestamp,
  "role" text
);

create table people."session" (
  "id" text primary key,
  "expiresAt" timestamptz not null,
  "token" text not null unique,
  "createdAt" timestamptz not null default current_timestamp,
  "updatedAt" timestamptz not null,
  "ipAddress" text,
  "userAgent" text,
  "userId" text not null references people."user" ("id") on delete cascade
);
create index session_by_user on people."session" ("userId");

create table people."account" (
  "id" text primary key,
  "accountId" text not null,
  "providerId" text not null,
  "userId" text not null references people."user" ("id") on delete cascade,
  "accessToken" text,
  "refreshToken" text,
  "idToken" text,
  "accessTokenExpiresAt" timestamptz,
  "refreshTokenExpiresAt" timestamptz,
  "scope" text,
  "password" text,
  "createdAt" timestamptz not null default current_timestamp,
  "updatedAt" timestamptz not null
);
create index account_by_user on people."account" ("userId");

create table people."verification" (
  "id" text primary key,
  "identifier" text not null,
  "value" text not null,
  "expiresAt" timestamptz not null,
  "createdAt" timestamptz not null default current_timestamp,
  "updatedAt" timestamptz not null default current_timestamp
);
create index verification_by_identifier on people."verification" ("identifier");

grant select, insert, update, delete on all tables in schema people to patchbay_people;
