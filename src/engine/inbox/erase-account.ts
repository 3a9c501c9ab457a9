import { Fault, minute } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import { type DisconnectParts, runDisconnect } from '../connect/disconnect.ts'
import type { Deps } from '../deps.ts'
import { hashOf } from './read-message.ts'

/** The job that deletes once more what a reading may have stored that was under way. */
export const eraseAgainQueue = 'inbox.erase-again'

/**
 * What a person asked of the platform and the platform of us: the account is disconnected, its tokens are given back, and everything that was read of it
 * or told of it is deleted, with its name. What is kept says that there was a connection, and what happened to it when.
 */
export async function eraseAccount(parts: DisconnectParts, connection: Connection): Promise<void> {
  const { deps } = parts
  const { environmentId, id, provider } = connection
  // A reading that has begun may save a page after this; none can begin any more.
  const again = { environmentId, connectionId: id }
  await deps.jobs.send(eraseAgainQueue, again, { at: deps.clock.now() + 30 * minute, key: `${environmentId} ${id}` })
  await runDisconnect(parts, connection, `provider:${provider}`)
  const rows = await eraseStored(deps, environmentId, id)
  await deps.inbox.erase(environmentId, connection.integrationId, connection.account.id)
  if (connection.account.name === erasedName) return
  const account = {
    id: `erased-${hashOf(`${id} ${connection.account.id}`).slice(0, 16)}`,
    name: erasedName,
    kind: connection.account.kind,
  }
  await deps.connections.update(
    environmentId,
    id,
    { account, inputs: {} },
    {
      at: deps.clock.now(),
      actor: `provider:${provider}`,
      audit: [{ id: deps.random.id('aud'), action: 'connection.erased', subject: id, detail: { rows } }],
    },
  )
}

type Erasing = Pick<Deps, 'records' | 'typedRecords' | 'streamNotes' | 'identityLinks'>

export async function runEraseAgain(
  deps: Erasing,
  { environmentId, connectionId }: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (typeof environmentId !== 'string' || typeof connectionId !== 'string')
    throw new Fault('platform.bug', 'This job names no connection.')
  await eraseStored(deps, environmentId, connectionId)
}

const eraseStored = async (
  { records, typedRecords, streamNotes, identityLinks }: Erasing,
  environmentId: string,
  id: string,
) =>
  (await records.erase(environmentId, id)) +
  (await typedRecords.erase(environmentId, id)) +
  (await streamNotes.erase(environmentId, id)) +
  (await identityLinks.erase(environmentId, id))

const erasedName = 'Erased'
