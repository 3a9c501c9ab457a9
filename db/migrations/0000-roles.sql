-- Who may see what. The user that connects owns the tables and runs no query of the product itself: every transaction
-- first becomes one of two roles, neither owner nor superuser.
--
--   patchbay_tenant   sees the rows of one environment, the one named by the setting app.environment
--   patchbay_system   sees the tables that plan work across environments, and no tenant's content
--
-- Roles belong to the whole server, not to one database, so they may already be there; tests make them at the same time.
do $$
declare
  role_name text;
begin
  foreach role_name in array array['patchbay_tenant', 'patchbay_system'] loop
    if not exists (select from pg_roles where rolname = role_name) then
      begin
        execute format('create role %I nologin nosuperuser nobypassrls noinherit', role_name);
      exception
        when duplicate_object or unique_violation then null;
      end;
    end if;
    -- Being allowed to become the role is enough; inheriting it would let the owner's own statements see its rows.
    if current_setting('server_version_num')::int < 160000 then
      if not pg_has_role(current_user, role_name, 'member') then
        execute format('grant %I to %I', role_name, current_user);
      end if;
    elsif not pg_has_role(current_user, role_name, 'set') then
      execute format('grant %I to %I with inherit false, set true', role_name, current_user);
    end if;
    execute format('grant usage on schema %I to %I', current_schema(), role_name);
  end loop;
exception
  when insufficient_privilege then
    raise exception 'the database user % may not make or take the roles patchbay_tenant and patchbay_system (%)', current_user, sqlerrm using
      errcode = 'insufficient_privilege',
      hint = format(
        'Have an administrator run once: create role patchbay_tenant nologin; create role patchbay_system nologin; grant patchbay_tenant, patchbay_system to %I;',
        current_user);
end
$$;

-- Makes a table of one environment's rows, which patchbay_tenant may use: select patchbay_make_tenant_table('connection').
-- Call it for a partition too: a partition is closed to everyone, its rows are reached through its parent.
create function patchbay_make_tenant_table(tenant_table regclass) returns void language plpgsql as $$
begin
  perform patchbay_force_row_security(tenant_table);
  if not (select relispartition from pg_class where oid = tenant_table) then
    execute format('grant select, insert, update, delete on %s to patchbay_tenant', tenant_table);
  end if;
end
$$;

-- Makes a table of the planner, which patchbay_system may use. Where it carries environment_id, the system role sees all its
-- rows, and the tenant role those of its environment.
create function patchbay_make_system_table(system_table regclass) returns void language plpgsql as $$
begin
  if exists (select from pg_attribute where attrelid = system_table and attname = 'environment_id' and not attisdropped) then
    perform patchbay_make_tenant_table(system_table);
    if not (select relispartition from pg_class where oid = system_table) then
      execute format('create policy system on %s as permissive for all to patchbay_system using (true) with check (true)', system_table);
    end if;
  end if;
  if not (select relispartition from pg_class where oid = system_table) then
    execute format('grant select, insert, update, delete on %s to patchbay_system', system_table);
  end if;
end
$$;

-- The policy every tenant table has, word for word: the start-up check compares them all with the one on isolation_probe.
-- A setting made with set_config(…, true) is the empty string afterwards, not null; nullif makes both match no row.
create function patchbay_force_row_security(tenant_table regclass) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', tenant_table);
  execute format('alter table %s force row level security', tenant_table);
  if not (select relispartition from pg_class where oid = tenant_table) then
    execute format(
      'create policy tenant on %s as permissive for all to patchbay_tenant
         using (environment_id = nullif(current_setting(''app.environment'', true), ''''))
         with check (environment_id = nullif(current_setting(''app.environment'', true), ''''))',
      tenant_table);
  end if;
end
$$;

revoke execute on function patchbay_make_tenant_table(regclass) from public;
revoke execute on function patchbay_make_system_table(regclass) from public;
revoke execute on function patchbay_force_row_security(regclass) from public;

-- What the server tries at every start, in a transaction that it rolls back: a row of one environment must be invisible in another.
create table isolation_probe (
  environment_id text not null,
  id text not null,
  primary key (environment_id, id)
);
select patchbay_make_tenant_table('isolation_probe');
