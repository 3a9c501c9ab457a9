import { Fault } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Deps } from '../deps.ts'

/** Of a profile with more of them some have to be named. */
export const mostConnections = 200

/**
 * Whose items are a profile's: its own accounts but those that a person refused, and of other profiles those alone that a person accepted or named.
 * However sure a rule is, the numbers of somebody else's account stand here only on a person's word. Naming one that is not there is an error and not an
 * empty answer.
 */
export async function profileConnections(
  deps: Pick<Deps, 'connections' | 'directory' | 'identityLinks'>,
  environmentId: string,
  profileId: string,
  named?: readonly string[],
): Promise<Connection[]> {
  const [[profile], own, decided] = await Promise.all([
    deps.directory.profiles(environmentId, { ids: [profileId], limit: 1 }),
    deps.connections.list(environmentId, { profile: profileId, ids: named, limit: mostConnections + 1 }),
    deps.identityLinks.list(environmentId, profileId, {
      states: ['accepted', 'manual', 'refused'],
      limit: mostDecided,
    }),
  ])
  if (!profile) throw new Fault('input.unknown', 'There is no such profile.')
  const refused = new Set(decided.filter(({ state }) => state === 'refused').map(({ target }) => target))
  const mine = own.filter(({ id }) => !refused.has(`connection:${id}`))
  const wanted = decided
    .filter(({ state, target }) => state !== 'refused' && target.startsWith('connection:'))
    .map(({ target }) => target.slice('connection:'.length))
    .filter((id) => !own.some((connection) => connection.id === id))
  const others =
    wanted.length === 0 ? [] : await deps.connections.list(environmentId, { ids: wanted, limit: wanted.length })
  const connections = [...mine, ...others]
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

/** So many decisions a profile may have. */
export const mostDecided = 500
