import pg from 'pg'
import type { Postmaster } from './postmaster.ts'

/** A process number proves little. A server that knows our password and says it works on these files is ours. */
export async function isOurs(postmaster: Postmaster, password: string, files: string): Promise<boolean> {
  try {
    return await asSuperuser(postmaster, password, async (client) => {
      const { rows } = await client.query('show data_directory')
      if (rows[0].data_directory !== files) return false
      await ensureOwner(client, password)
      return true
    })
  } catch {
    return false
  }
}

export async function createOwner(postmaster: Postmaster, password: string): Promise<void> {
  await asSuperuser(postmaster, password, (client) => ensureOwner(client, password))
}

/** The owner is no superuser, so that here, as on a hosted database, row level security binds whoever forgets to take a role. */
async function ensureOwner(client: pg.Client, password: string): Promise<void> {
  const { rows } = await client.query(
    `select (select count(*) from pg_roles where rolname = 'patchbay') as roles,
            (select count(*) from pg_database where datname = 'patchbay') as databases`,
  )
  if (rows[0].roles === '0') {
    await client.query(`create role patchbay login createrole createdb password ${client.escapeLiteral(password)}`)
  }
  if (rows[0].databases === '0') await client.query('create database patchbay owner patchbay')
}

async function asSuperuser<T>(postmaster: Postmaster, password: string, work: (client: pg.Client) => Promise<T>) {
  const client = new pg.Client({
    connectionString: connectionString(postmaster, { user: 'postgres', password, database: 'postgres' }),
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

export function connectionString(
  { host, port }: Postmaster,
  { user, password, database }: { user: string; password: string; database: string },
): string {
  // Where `host` is a folder, the name before the path says nothing; without one it would be no URL that `URL` reads.
  const place = host.startsWith('/')
    ? `localhost/${database}?host=${encodeURIComponent(host)}&port=${port}`
    : `${host}:${port}/${database}`
  return `postgresql://${user}:${password}@${place}`
}
