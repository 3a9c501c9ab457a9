import { type FaultCode, faults, minute, type Provider, type Stream } from '@patchbay/kit'
import { type Connection, inactiveStates } from '../../ports/connections.ts'
import type { Environment, Integration } from '../../ports/directory.ts'
import type { Place } from '../../ports/records.ts'
import type { ClaimedSlot } from '../../ports/schedule.ts'
import type { Attention, StreamNote } from '../../ports/stream-notes.ts'
import { missingForStream, offeredStreams } from '../connect/scopes.ts'
import { abandonRuns } from './abandon-runs.ts'
import type { Group, SyncDeps } from './run-stream.ts'

/** One slot that can be read, with all that reading it takes. */
export interface Ready {
  readonly slot: ClaimedSlot
  readonly connection: Connection
  readonly place: Place
  readonly note: StreamNote
  readonly attention: Attention
}

/** One that cannot. `blocked` until somebody acts, or else tried again at its next time. */
export interface Skipped {
  readonly slot: ClaimedSlot
  readonly blocked: string | null
  readonly fault: FaultCode
  readonly says: string
  /** It is tried again after so long, where that is before its next time. */
  readonly waitMs?: number
}

export interface Prepared {
  readonly environment: Environment
  readonly integration: Integration
  readonly provider: Provider
  readonly stream: Stream
  readonly ready: readonly Ready[]
  readonly skipped: readonly Skipped[]
}

/** Loads what a run needs and leaves out what cannot run, each with its reason. Without an environment, app or stream that is every slot. */
export async function prepareRun(deps: SyncDeps, group: Group): Promise<Prepared | { skipped: readonly Skipped[] }> {
  const { environmentId, integrationId, slots } = group
  const ids = slots.map(({ connectionId }) => connectionId)
  const [environments, integration, connections, places, notes, attention] = await Promise.all([
    deps.directory.environments(),
    deps.directory.integration(environmentId, integrationId),
    deps.connections.list(environmentId, { ids, limit: ids.length }),
    deps.records.places(environmentId, slots),
    deps.streamNotes.notes(environmentId, slots),
    deps.streamNotes.attention(environmentId, ids),
  ])
  const environment = environments.find(({ id }) => id === environmentId)
  const provider = deps.providers.get(group.provider)
  const all = (blocked: string | null, fault: FaultCode, says: string = faults[fault].says) => ({
    skipped: slots.map((slot): Skipped => ({ slot, blocked, fault, says })),
  })
  if (!environment || !integration || !provider)
    return all(null, 'setup.configuration', 'The app or the provider of this connection is no longer set up.')
  if (!integration.enabled) return all(null, 'setup.configuration', 'The app is switched off.')
  const stream = new Map(offeredStreams(provider, integration)).get(group.stream)
  if (!stream) return all('unsupported', 'setup.unsupported')

  const ready: Ready[] = []
  const skipped: Skipped[] = []
  for (const [i, slot] of slots.entries()) {
    const connection = connections.find(({ id }) => id === slot.connectionId)
    const objection = connection === undefined ? gone : objectionTo(connection, stream)
    if (objection === null && slot.lapsed && (await abandonRuns(deps, slot)) === 'leave alone')
      skipped.push({ slot, blocked: null, fault: 'platform.bug', says: endsProcesses, waitMs: leftAloneMs })
    else if (objection !== null) skipped.push({ slot, ...objection })
    else ready.push({ slot, connection: connection!, place: places[i]!, note: notes[i]!, attention: attention[i]! })
  }
  return { environment, integration, provider, stream, ready, skipped }
}

const endsProcesses = 'The last runs all stopped in the middle. It is left alone for a while.'

/** Most that are met by this are innocent: they were read whenever something else ended the process. Their next time may be a day away. */
const leftAloneMs = 15 * minute

/** Disconnected ones are not in a list that does not ask for them. */
const gone = { blocked: 'disconnected', fault: 'connection.inactive', says: 'The connection is disconnected.' } as const

function objectionTo(connection: Connection, stream: Stream): Omit<Skipped, 'slot'> | null {
  if (inactiveStates.has(connection.state)) {
    const fault = connection.state === 'paused' ? 'connection.inactive' : 'connection.expired'
    return { blocked: connection.state, fault, says: `Not read while the connection is ${connection.state}.` }
  }
  const missing = missingForStream(stream, connection.missingScopes)
  if (missing.length === 0) return null
  return {
    blocked: 'missing_scope',
    fault: 'connection.scopes',
    says: `A permission is missing: ${missing.join(', ')}.`,
  }
}
