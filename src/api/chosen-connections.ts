import { Fault } from '@patchbay/kit'
import { z } from 'zod'
import type { Deps } from '../engine/deps.ts'
import type { Connection } from '../ports/connections.ts'
import { idText } from './route.ts'

/** A list as `a,b,c` in the query. */
export const commaList = z
  .string()
  .max(4000)
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  )

/** Which connections a request is about. */
export const choosing = { profile: idText.optional(), connection: commaList.optional() }

/** The connections of a profile, or those that are named; naming one that is not there is an error and not an empty answer. */
export async function chosenConnections(
  deps: Pick<Deps, 'connections'>,
  environmentId: string,
  query: { profile?: string; connection?: readonly string[] },
): Promise<Connection[]> {
  if (query.connection === undefined && query.profile === undefined)
    throw new Fault('input.invalid', 'Say which profile or connection.', { field: 'profile' })
  // Of nobody there are no numbers, and that would look like an account without any.
  if (query.connection?.length === 0)
    throw new Fault('input.invalid', 'connection names none: leave it out, or name one.', { field: 'connection' })
  const connections = await deps.connections.list(environmentId, {
    profile: query.profile,
    ids: query.connection,
    limit: mostConnections + 1,
  })
  // A part of them would look like all.
  if (connections.length > mostConnections)
    throw new Fault('input.too_large', `The profile has more than ${mostConnections} connections. Name some of them.`, {
      field: 'profile',
    })
  const others = [...new Set(query.connection)].filter((id) => !connections.some((connection) => connection.id === id))
  // A list leaves out what was disconnected; who names one means it, and its history stays.
  for (const id of others) {
    const connection = await deps.connections.read(environmentId, id)
    if (!connection || (query.profile !== undefined && connection.profileId !== query.profile))
      throw new Fault('input.unknown', `There is no connection "${id.slice(0, 128)}" here.`)
    connections.push(connection)
  }
  return connections
}

const mostConnections = 1_000
