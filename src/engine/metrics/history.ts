import { Fault, metricDefinition } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { ObservationKey, StoredObservation } from '../../ports/records.ts'
import type { Deps } from '../deps.ts'

/** One value that a number had, and what became of it. */
export interface Revision {
  readonly value: StoredObservation
  /** The value that counts now has none. */
  readonly replaced: { readonly by: number; readonly at: number } | null
}

/** One number, as somebody points at it. */
export interface WantedNumber {
  readonly connection: Connection
  readonly metric: string
  readonly day: string
  readonly item: string | null
  /** Where absent: the number without dimensions, or the first one where all have some. */
  readonly dimensions?: Readonly<Record<string, string>>
}

/** Throws `input.unknown` when there is no such number, and `input.invalid` when there is no such metric. */
export async function keyOf(
  { records }: Pick<Deps, 'records'>,
  environmentId: string,
  { connection, metric, day, item, dimensions }: WantedNumber,
): Promise<ObservationKey> {
  if (!metricDefinition(metric))
    throw new Fault('input.invalid', `There is no metric "${metric}".`, { field: 'metric' })
  const key = { connectionId: connection.id, metric, item, day }
  if (dimensions !== undefined) return { ...key, dimensions }
  const [first] = await records.series(environmentId, {
    ...{ connections: [connection.id], metrics: [metric], from: day, to: day, limit: 1 },
    item: item ?? undefined,
  })
  if (!first) throw noSuchNumber()
  return { ...key, dimensions: first.dimensions }
}

export const noSuchNumber = () => new Fault('input.unknown', 'There is no such number.')

/** Every value that one number ever had, newest first. Only revisions below `before`. Throws `input.unknown` when there is no such number. */
export async function readHistory(
  { records }: Pick<Deps, 'records'>,
  environmentId: string,
  key: ObservationKey,
  { before, limit }: { before?: number; limit: number },
): Promise<Revision[]> {
  // One more on top says by what the first one of this page was replaced.
  const above = before === undefined ? 0 : 1
  const values = await records.history(environmentId, key, {
    before: before === undefined ? undefined : before + 1,
    limit: limit + above,
  })
  if (values.length === 0 && before === undefined) throw noSuchNumber()
  return values.map((value, i) => ({ value, replaced: replacementOf(values[i - 1]) })).slice(above)
}

function replacementOf(newer: StoredObservation | undefined): Revision['replaced'] {
  return newer ? { by: newer.revision, at: newer.observedAt } : null
}
