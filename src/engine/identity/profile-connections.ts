import { Fault } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Deps } from '../deps.ts'

const mostConnections = 200

/** Whose items are a profile's: its own accounts. Naming one that is not there is an error and not an empty answer. */
export async function profileConnections(
  deps: Pick<Deps, 'connections' | 'directory'>,
  environmentId: string,
  profileId: string,
  named?: readonly string[],
): Promise<Connection[]> {
  const [[profile], connections] = await Promise.all([
    deps.directory.profiles(environmentId, { ids: [profileId], limit: 1 }),
    deps.connections.list(environmentId, { profile: profileId, limit: mostConnections + 1 }),
  ])
  if (!profile) throw new Fault('input.unknown', 'There is no such profile.')
  const missing = named?.find((id) => !connections.some((connection) => connection.id === id))
  if (missing !== undefined)
    throw new Fault('input.unknown', `The profile has no connection "${missing.slice(0, 128)}".`, {
      field: 'connection',
    })
  const chosen = named ? connections.filter(({ id }) => named.includes(id)) : connections
  if (chosen.length > mostConnections)
    throw new Fault('input.too_large', `The profile has more than ${mostConnections} connections. Name some of them.`, {
      field: 'connection',
    })
  return chosen
}
