import { addDays, dayOf, type MetricDefinition, metricDefinition, startOfDay } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { StoredObservation } from '../../ports/records.ts'
import type { Slot } from '../../ports/schedule.ts'
import type { Comparison } from './compare.ts'
import type { Period } from './periods.ts'
import type { Coverage } from './roll-up.ts'

export type Granularity = Period | 'latest'

/** A value as applications get it: with what it means, for when, and where it comes from. */
export interface MetricPoint {
  readonly connection: string
  readonly item: string | null
  readonly metric: string
  readonly value: number | null
  /** Why the value is null. */
  readonly reason: string | null
  readonly unit: string
  readonly kind: string
  readonly dimensions: Readonly<Record<string, string>>
  /** `day` is the first day of the period, in `timezone`; `start` and `end` are its instants, `end` not included. */
  readonly period: {
    readonly day: string
    readonly start: number
    readonly end: number
    readonly timezone: string
    readonly granularity: string
  }
  /** The moment the number is about: when a gauge was read, the end of the period otherwise. */
  readonly asOf: number
  readonly fetchedAt: number
  readonly provenance: string
  readonly final: boolean
  /** The platform's rule for counting, where it has changed over time. */
  readonly version: string | null
  /** Of a week or a month: how much of it is known. */
  readonly coverage: Coverage | null
  /** Beside an earlier period, when that was asked for. */
  readonly comparison: Comparison | null
  readonly source: { readonly provider: string; readonly native: string; readonly stream: string; readonly run: string }
}

/** Writes a stored observation as a point of its own day. `slots` are those of its connection: when its stream was last read whole. */
export function pointOf(
  observation: StoredObservation,
  provider: string,
  { slots, now }: { slots: readonly Slot[]; now: Instant },
): MetricPoint {
  const definition = definitionOf(observation.metric)
  const { day, timezone } = observation
  const start = startOfDay(day, timezone)
  const end = startOfDay(addDays(day, 1), timezone)
  const isState = isStateOf(definition)
  const fetchedAt = isState ? confirmedAt(observation, slots) : observation.observedAt
  return {
    connection: observation.connectionId,
    item: observation.item,
    metric: observation.metric,
    value: observation.value,
    reason: observation.reason,
    unit: definition.unit,
    kind: definition.kind,
    dimensions: observation.dimensions,
    period: { day, start, end, timezone, granularity: 'day' },
    asOf: isState ? Math.min(fetchedAt, end) : end,
    fetchedAt,
    provenance: observation.provenance,
    final: isFinal(observation, now),
    version: observation.version,
    coverage: null,
    comparison: null,
    source: { provider, native: observation.native, stream: observation.stream, run: observation.runId },
  }
}

/** A state of a day that is over cannot change any more, whatever the provider marked when it was read. */
export function isFinal({ final, metric, day, timezone }: StoredObservation, now: Instant): boolean {
  const definition = metricDefinition(metric)
  return final || (definition !== undefined && isStateOf(definition) && dayOf(now, timezone) > day)
}

/** An amount of a day that is not over is no amount of that day yet, and is much less than one of a whole day. */
export function goesOn(
  { metric, day, timezone }: Pick<StoredObservation, 'metric' | 'day' | 'timezone'>,
  now: Instant,
) {
  return metricDefinition(metric)?.window === 'P1D' && dayOf(now, timezone) <= day
}

const isStateOf = ({ kind }: MetricDefinition) => kind === 'gauge' || kind === 'cumulative' || kind === 'rank'

/**
 * An account's number that a later whole reading of the same day left as it was is a number of that reading too: a value that did not change is not
 * written again, and would look older than it is.
 */
function confirmedAt({ item, stream, day, timezone, observedAt }: StoredObservation, slots: readonly Slot[]): Instant {
  if (item !== null) return observedAt
  const syncedAt = slots.find((slot) => slot.stream === stream)?.syncedAt ?? 0
  return syncedAt > observedAt && dayOf(syncedAt, timezone) === day ? syncedAt : observedAt
}

/** Metrics only get into the store when they are in the registry. */
export function definitionOf(metric: string): MetricDefinition {
  const definition = metricDefinition(metric)
  if (!definition) throw new TypeError(`the store holds an unknown metric: ${metric}`)
  return definition
}
