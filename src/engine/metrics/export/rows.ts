import { metricDefinition } from '@patchbay/kit'
import type { Connection } from '../../../ports/connections.ts'
import type { StoredObservation } from '../../../ports/records.ts'
import type { Deps } from '../../deps.ts'
import { isFinal } from '../point.ts'
import { walkRows } from '../walk-rows.ts'

export interface ExportQuery {
  /** Every connection of the environment when absent. */
  readonly connections?: readonly Connection[]
  /** Every metric when empty. */
  readonly metrics: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly about: 'all' | 'accounts' | 'items'
}

export type Cell = string | number | boolean | null

/** A column of every format. `of` gives null where there is nothing; an instant is in milliseconds. */
export interface Column {
  readonly name: string
  readonly kind: 'text' | 'number' | 'whole' | 'boolean' | 'instant' | 'day'
  readonly of: (row: ExportRow) => Cell
}

export interface ExportRow {
  readonly connection: Connection
  readonly observation: StoredObservation
  /** When the walk began: what was final then. */
  readonly at: number
}

/**
 * One value a row, with whose it is, what it means, and where it comes from. Names are part of the API: columns are only added, at the end.
 * A metric that the registry has no more is exported all the same, without what only the registry knew.
 */
export const columns: readonly Column[] = [
  { name: 'connection', kind: 'text', of: ({ connection }) => connection.id },
  { name: 'profile', kind: 'text', of: ({ connection }) => connection.profileId },
  { name: 'provider', kind: 'text', of: ({ connection }) => connection.provider },
  { name: 'account', kind: 'text', of: ({ connection }) => connection.account.id },
  { name: 'account_name', kind: 'text', of: ({ connection }) => connection.account.name },
  { name: 'metric', kind: 'text', of: ({ observation }) => observation.metric },
  { name: 'item', kind: 'text', of: ({ observation }) => observation.item },
  { name: 'dimensions', kind: 'text', of: ({ observation }) => dimensionsText(observation) },
  { name: 'day', kind: 'day', of: ({ observation }) => observation.day },
  { name: 'timezone', kind: 'text', of: ({ observation }) => observation.timezone },
  { name: 'value', kind: 'number', of: ({ observation }) => observation.value },
  { name: 'reason', kind: 'text', of: ({ observation }) => observation.reason },
  { name: 'unit', kind: 'text', of: ({ observation }) => metricDefinition(observation.metric)?.unit ?? null },
  { name: 'kind', kind: 'text', of: ({ observation }) => metricDefinition(observation.metric)?.kind ?? null },
  { name: 'provenance', kind: 'text', of: ({ observation }) => observation.provenance },
  { name: 'final', kind: 'boolean', of: ({ observation, at }) => isFinal(observation, at) },
  { name: 'native', kind: 'text', of: ({ observation }) => observation.native },
  { name: 'version', kind: 'text', of: ({ observation }) => observation.version },
  { name: 'stream', kind: 'text', of: ({ observation }) => observation.stream },
  { name: 'run', kind: 'text', of: ({ observation }) => observation.runId },
  { name: 'revision', kind: 'whole', of: ({ observation }) => observation.revision },
  { name: 'read_at', kind: 'instant', of: ({ observation }) => observation.observedAt },
]

/** How many connections are looked up at once. */
const stepConnections = 200

/**
 * Every row of a filter, connection by connection, in flat memory: neither rows nor connections are ever all there. It is no snapshot: a value that is
 * saved meanwhile may be in it, but no row comes twice and none is left out.
 */
export async function* exportRows(
  deps: Pick<Deps, 'records' | 'connections' | 'clock'>,
  environmentId: string,
  { connections, about, ...query }: ExportQuery,
): AsyncGenerator<readonly ExportRow[]> {
  const at = deps.clock.now()
  const item = about === 'all' ? null : about === 'items' ? '*' : undefined
  for await (const connection of connections ?? everyConnection(deps, environmentId))
    for await (const rows of walkRows(deps, environmentId, { ...query, connectionId: connection.id, item }))
      yield rows.map((observation) => ({ connection, observation, at }))
}

async function* everyConnection(deps: Pick<Deps, 'connections'>, environmentId: string): AsyncGenerator<Connection> {
  for (let after: string | undefined; ; ) {
    const step = await deps.connections.list(environmentId, { after, limit: stepConnections })
    yield* step
    if (step.length < stepConnections) return
    after = step.at(-1)!.id
  }
}

/** As JSON, in which the same dimensions are the same text. */
function dimensionsText({ dimensions }: StoredObservation): string | null {
  return Object.keys(dimensions).length === 0 ? null : JSON.stringify(dimensions)
}
