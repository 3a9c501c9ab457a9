import type { Connection } from '../../ports/connections.ts'
import type { StoredObservation } from '../../ports/records.ts'
import { definitionOf } from '../metrics/point.ts'
import { whyNoTotal } from '../metrics/refusals.ts'
import { addUp, areOnSeveral, type Part, partOf, type Sum } from '../metrics/totals.ts'
import { type IdentifiedItem, keyOf, placeOf } from './identified-item.ts'

/** One metric of everything that is the same recording or release: each platform's number, and their sum where that is a number. */
export interface SideBySide extends Omit<Sum, 'reason'> {
  readonly metric: string
  readonly unit: string
  /** Why there is no value: a word as on a null, or `not_additive`. */
  readonly reason: string | null
  /** Why it is not additive, and what can be had instead. */
  readonly says: string | null
  readonly parts: readonly (Part & { readonly item: string })[]
}

/**
 * The numbers of items that are one thing, metric by metric: streams, plays, views and scrobbles are different metrics and never one number. An item that
 * is reached through two connections is counted once. `rows` are the newest values of the items.
 */
export function sideBySide(
  items: readonly IdentifiedItem[],
  connections: ReadonlyMap<string, Connection>,
  rows: readonly StoredObservation[],
): SideBySide[] {
  const mine = Map.groupBy(rows, ({ connectionId, item }) => `${connectionId}:${item}`)
  const places = [...Map.groupBy(items, placeOf).values()].map((same) => {
    const read = same.flatMap((item) => mine.get(keyOf(item)) ?? [])
    // Of several connections to it, of each metric the one that was read last: one may see what another does not.
    return [...Map.groupBy(read, ({ metric }) => metric).values()].map((rows) =>
      rows.reduce((best, other) => (other.observedAt > best.observedAt ? other : best)),
    )
  })
  const parts = places
    .flat()
    .map((row) => ({ metric: row.metric, item: row.item!, ...partOf(connections.get(row.connectionId)!, row) }))
  return [...Map.groupBy(parts, ({ metric }) => metric)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([metric, group]) => {
      const its = group.map(({ metric: _, ...part }) => part)
      const about = { metric, unit: definitionOf(metric).unit, parts: its }
      const says = its.length < 2 ? null : whyNoTotal(metric, areOnSeveral(its))
      if (says !== null) return { ...about, value: null, known: null, reason: 'not_additive', says }
      return { ...about, ...addUp(metric, its), says: null }
    })
}
