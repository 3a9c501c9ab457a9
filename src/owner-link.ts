import { UsageError } from './cli/command.ts'
import type { Config } from './config.ts'
import { openPostgresDataKeys } from './drivers/data-keys/postgres.ts'
import { readStanding } from './drivers/database/migrate.ts'
import { openPostgres } from './drivers/database/postgres.ts'
import { openPeople } from './drivers/people/better-auth.ts'
import { systemRandom } from './drivers/random/system.ts'
import { checkKey, secretFor } from './engine/vault/key-check.ts'
import { openLog } from './open-drivers.ts'
import { openKeys } from './open-keys.ts'
import type { People } from './ports/people.ts'

/**
 * What a server that starts says of its console: a link that signs in, while nobody has used one yet. Later it would only be something that whoever reads
 * the log can become the owner with; where a server brings its own database there is no other way to one.
 */
export async function wayIn(
  { databaseUrl, publicUrl }: Pick<Config, 'databaseUrl' | 'publicUrl'>,
  people: Pick<People, 'ownerHasSignedIn' | 'ownerLink'>,
): Promise<string> {
  if (databaseUrl === null || !(await people.ownerHasSignedIn())) return people.ownerLink()
  return `${publicUrl}/console/\n          (for its owner, patchbay sign-in prints a link that signs in)`
}

/**
 * A one-time address that signs the owner in at the servers of this database: for whoever has its address and its encryption key. Throws a UsageError where
 * there is none to be made, and `platform.vault` for another key.
 */
export async function makeOwnerLink(config: Config): Promise<string> {
  const { databaseUrl: connection, publicUrl } = config
  if (connection === null)
    throw new UsageError(
      'A server that brings its own PostgreSQL prints a link when it starts. For another one set DATABASE_URL.',
    )
  const { pending } = await readStanding({ connection })
  if (pending.length > 0)
    throw new UsageError('The database is not what this version expects. Start a server on it first.')
  const { log, registerSecret } = openLog(config)
  const database = openPostgres({ connection, log, poolSize: 1 })
  const { keys, close } = openKeys(config, { make: false, registerSecret })
  const deps = { keys, dataKeys: openPostgresDataKeys(database), random: systemRandom }
  try {
    await checkKey(deps)
    const people = openPeople({ connection, publicUrl, secret: await secretFor(deps, 'sessions'), log })
    return await people.ownerLink().finally(() => people.close())
  } finally {
    await close()
    await database.close()
  }
}
