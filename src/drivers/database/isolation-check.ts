import pg from 'pg'

/**
 * Proves at every start that one environment cannot see another's rows, and refuses the start otherwise. First it tries, on
 * `isolation_probe`; then it compares every other table of tenants with the one that just proved itself, because most of
 * them are empty when somebody gets them wrong.
 */
export async function checkIsolation(options: { connection: string }): Promise<void> {
  const client = new pg.Client({ connectionString: options.connection, application_name: 'patchbay isolation check' })
  client.on('error', () => {})
  await client.connect()
  try {
    const failures = await findIsolationFailures(client)
    if (failures.length > 0) throw new Error(refusal(failures))
  } finally {
    await client.end()
  }
}

/** In sentences; none when environments are kept apart. */
export async function findIsolationFailures(client: pg.Client): Promise<string[]> {
  for (const rule of rules) {
    const { rows } = await client.query<{ failure: string }>(rule)
    // Later rules take for granted what earlier ones say.
    if (rows.length > 0) return rows.map(({ failure }) => failure)
  }
  return tryIt(client)
}

function refusal(failures: string[]): string {
  return [
    'The database does not keep environments apart, so the server does not start:',
    ...failures.map((failure) => `- ${failure}`),
    'A table is put right by: select patchbay_make_tenant_table(…) or patchbay_make_system_table(…) in a migration.',
  ].join('\n')
}

/** Tables that carry environment_id, outside of PostgreSQL's own schemas. */
const tenantTables = `
  select class.oid, class.oid::regclass::text as name, class.relispartition, class.relowner,
         class.relrowsecurity, class.relforcerowsecurity, attribute.attnum
  from pg_class class
  join pg_namespace namespace on namespace.oid = class.relnamespace
  join pg_attribute attribute on attribute.attrelid = class.oid and attribute.attname = 'environment_id' and not attribute.attisdropped
  where class.relkind in ('r', 'p') and namespace.nspname not in ('pg_catalog', 'information_schema') and class.relpersistence <> 't'`

/** Those that the server takes for its transactions. The connecting user, whatever its name, owns the tables and is none of them. */
const takenRoles = `'patchbay_tenant', 'patchbay_system', 'patchbay_people'`

/** Each selects sentences about what is wrong, and nothing when all is well. */
const rules = [
  `select format('there is no role %s', wanted) as failure
   from unnest(array['patchbay_tenant', 'patchbay_system']) wanted
   where not exists (select from pg_roles where rolname = wanted)`,

  `select format('the role %s must be neither superuser nor exempt from row level security', role.rolname) as failure
   from pg_roles role
   where (role.rolsuper or role.rolbypassrls)
     and exists (select from pg_roles ours
                 where ours.rolname in (${takenRoles})
                   and (ours.oid = role.oid or not ours.rolsuper and pg_has_role(ours.oid, role.oid, 'member')))`,

  `select format('the role %s owns the table %s', role.rolname, tenant_table.name) as failure
   from (${tenantTables}) tenant_table
   join pg_roles role on role.rolname in (${takenRoles})
   where pg_has_role(role.oid, tenant_table.relowner, 'member')`,

  `select format('the table %s carries environment_id and has row level security %s', name,
                 case when relrowsecurity then 'not forced' else 'off' end) as failure
   from (${tenantTables}) tenant_table
   where not (relrowsecurity and relforcerowsecurity)`,

  // A partition is reached through its parent, whose policies count; without one of its own it is closed.
  `select format('the table %s has no policy for patchbay_tenant', name) as failure
   from (${tenantTables}) tenant_table
   where not relispartition
     and not exists (select from pg_policy policy where policy.polrelid = tenant_table.oid
                     and policy.polpermissive and 'patchbay_tenant'::regrole = any (policy.polroles))`,

  `select format('the policy %s of the table %s lets patchbay_tenant see or write other rows than those of its environment',
                 policy.polname, tenant_table.name) as failure
   from (${tenantTables}) tenant_table
   join pg_policy policy on policy.polrelid = tenant_table.oid and policy.polpermissive
   cross join (select pg_get_expr(polqual, polrelid) as proven from pg_policy
               where polrelid = 'isolation_probe'::regclass and polname = 'tenant') probe
   where exists (select from unnest(policy.polroles) granted
                 where granted = 0 or pg_has_role('patchbay_tenant', granted, 'member'))
     and (pg_get_expr(policy.polqual, policy.polrelid) is distinct from probe.proven and policy.polcmd <> 'a'
          or coalesce(pg_get_expr(policy.polwithcheck, policy.polrelid), probe.proven) is distinct from probe.proven)`,

  // A unique key over all environments tells one of them, by its conflicts, what exists in another.
  `select format('the unique index %s of the table %s does not begin with environment_id', index.indexrelid::regclass, name) as failure
   from (${tenantTables}) tenant_table
   join pg_index index on index.indrelid = tenant_table.oid and index.indisunique
   where index.indkey[0] <> tenant_table.attnum`,

  `select format('the partition %s can be used by %s without the policies of its parent', name, role.rolname) as failure
   from (${tenantTables}) tenant_table
   join pg_roles role on role.rolname in (${takenRoles})
   where relispartition and has_table_privilege(role.oid, tenant_table.oid, 'select, insert, update, delete')`,

  // A view runs with its owner's rights unless it says otherwise; so does a function that is security definer.
  `select format('the view %s shows patchbay_tenant what its owner sees; make it with (security_invoker = true)', class.oid::regclass) as failure
   from pg_class class
   join pg_namespace namespace on namespace.oid = class.relnamespace
   where class.relkind in ('v', 'm') and namespace.nspname not in ('pg_catalog', 'information_schema')
     and has_schema_privilege('patchbay_tenant', namespace.oid, 'usage')
     and has_table_privilege('patchbay_tenant', class.oid, 'select')
     and not coalesce(class.reloptions && array['security_invoker=true', 'security_invoker=on'], false)`,

  `select format('patchbay_tenant may call %s, which runs with its owner''s rights', procedure.oid::regprocedure) as failure
   from pg_proc procedure
   join pg_namespace namespace on namespace.oid = procedure.pronamespace
   where procedure.prosecdef and namespace.nspname not in ('pg_catalog', 'information_schema')
     and has_schema_privilege('patchbay_tenant', namespace.oid, 'usage')
     and has_function_privilege('patchbay_tenant', procedure.oid, 'execute')`,
]

/** In one transaction that is always rolled back. */
async function tryIt(client: pg.Client): Promise<string[]> {
  const failures: string[] = []
  const become = (environment: string) => client.query(`select set_config('app.environment', $1, true)`, [environment])
  const count = async (text: string) => (await client.query(text)).rowCount ?? 0
  const { rows: tables } = await client.query<{ name: string }>(
    `select name from (${tenantTables}) tenant_table where has_table_privilege('patchbay_tenant', oid, 'select')`,
  )

  await client.query('begin; set local role patchbay_tenant')
  try {
    for (const { name } of tables) {
      if ((await count(`select from ${name} limit 1`)) > 0)
        failures.push(`without an environment, rows of ${name} are visible`)
    }
    await become('isolation-a')
    await client.query(`insert into isolation_probe (environment_id, id) values ('isolation-a', 'probe')`)
    if ((await count('select from isolation_probe')) !== 1) failures.push('an environment does not see its own row')
    await become('isolation-b')
    if ((await count('select from isolation_probe')) > 0) failures.push('an environment sees a row of another one')
    if ((await count(`update isolation_probe set id = 'taken'`)) > 0)
      failures.push('an environment changes a row of another one')
    if ((await count('delete from isolation_probe')) > 0) failures.push('an environment deletes a row of another one')
    const refused = await client
      .query(`insert into isolation_probe (environment_id, id) values ('isolation-a', 'planted')`)
      .then(
        () => false,
        () => true,
      )
    if (!refused) failures.push('an environment plants a row in another one')
  } finally {
    await client.query('rollback')
  }
  return failures
}
