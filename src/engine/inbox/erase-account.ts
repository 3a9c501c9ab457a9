import { Fault, minute } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import { type DisconnectParts, runDisconnect } from '../connect/disconnect.ts'
import type { Deps } from '../deps.ts'
import { hashOf } from './read-message.ts'

/** The job that deletes once more what was under way: a page that a reading stored, and messages that came late or waited. It names the account until then. */
export const eraseAgainQueue = 'inbox.erase-again'

/**
 * What a person asked of the platform and the platform of us: the account is disconnected, its tokens are given back, and everything that was read of it
 * or told of it is deleted, with its name. What is kept says that there was a connection, and what happened to it when.
 */
export async function eraseAccount(parts: DisconnectParts, connection: Connection): Promise<void> {
  const { deps } = parts
  const { environmentId, id, provider } = connection
  // A reading that has begun may save a page after this; none can begin any more.
  await eraseLater(deps, {
    ...{ environmentId, connectionId: id, integrationId: connection.integrationId, account: connection.account.id },
  })
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

interface Erased {
  readonly environmentId: string
  readonly connectionId: string
  readonly integrationId: string
  readonly account: string
}

const eraseLater = ({ jobs, clock }: Pick<Deps, 'jobs' | 'clock'>, erased: Erased) =>
  jobs.send(
    eraseAgainQueue,
    { ...erased },
    {
      at: clock.now() + 30 * minute,
      key: `${erased.environmentId} ${erased.connectionId}`,
    },
  )

export async function runEraseAgain(
  deps: Erasing & Pick<Deps, 'connections' | 'inbox' | 'jobs' | 'clock'>,
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { environmentId, connectionId, integrationId, account } = data
  if (typeof environmentId !== 'string' || typeof connectionId !== 'string')
    throw new Fault('platform.bug', 'This job names no connection.')
  await eraseStored(deps, environmentId, connectionId)
  if (typeof integrationId !== 'string' || typeof account !== 'string') return
  const about = { integration: integrationId, accounts: [account], limit: 1 }
  // Whoever connected again meanwhile gets messages again.
  if ((await deps.connections.list(environmentId, about)).length > 0) return
  await deps.inbox.erase(environmentId, integrationId, account)
  // What is about others too is kept as long as it waits, which may take ten hours.
  const waiting = { integrationId, accounts: [account], state: 'received', limit: 1 } as const
  if ((await deps.inbox.list(environmentId, waiting)).length > 0)
    await eraseLater(deps, { environmentId, connectionId, integrationId, account })
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
