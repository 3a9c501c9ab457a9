-- A sealed text and its data key, held together as by a foreign key: what a key sealed can be stored only while that key is there, and a key is
-- destroyed only when nothing is stored that it sealed. The lock makes the two wait for each other, whoever comes first.
create function patchbay_check_sealed() returns trigger language plpgsql as $$
declare
  stored jsonb := to_jsonb(new);
  needed integer;
begin
  for needed in
    select distinct substring(text from '^pb1\.([1-9][0-9]{0,8})\.')::integer
    from unnest(tg_argv) as name
    cross join lateral (
      select stored ->> name as text where jsonb_typeof(stored -> name) = 'string'
      union all
      select value from jsonb_each_text(case jsonb_typeof(stored -> name) when 'object' then stored -> name end)
    ) part
    where text ~ '^pb1\.[1-9][0-9]{0,8}\.'
  loop
    perform from data_key
      where environment_id = new.environment_id and version = needed and retired_at is null
      for share;
    if not found then
      raise exception 'the data key % of % is gone, so nothing that it sealed can be stored', needed, new.environment_id
        using errcode = 'foreign_key_violation', table = tg_table_name, constraint = 'sealed';
    end if;
  end loop;
  return new;
end
$$;
revoke execute on function patchbay_check_sealed() from public;

-- The arguments are the columns that hold sealed texts: the same as in src/drivers/sealed-texts/sealed-places.ts.
create trigger sealed before insert or update of access, refresh, previous_refresh on account_grant
  for each row execute function patchbay_check_sealed('access', 'refresh', 'previous_refresh');
create trigger sealed before insert or update of client_secret, settings on integration
  for each row execute function patchbay_check_sealed('client_secret', 'settings');
create trigger sealed before insert or update of verifier on flow
  for each row execute function patchbay_check_sealed('verifier');
create trigger sealed before insert or update of body on idempotency
  for each row execute function patchbay_check_sealed('body');

-- The row names the key-encryption key that wraps; a data key that another one has wrapped is not added. `root` is what secrets for other purposes, such
-- as people's sessions, are made from: unlike the key that wraps it, it stays the same for ever.
alter table key_check add column root bytea;
grant select (key_id) on key_check to patchbay_tenant;
