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
    // Of several connections to it, the one that was read last.
    const read = same.map((item) => ({ item, rows: mine.get(keyOf(item)) ?? [] }))
    return read.reduce((best, other) => (newestOf(other.rows) > newestOf(best.rows) ? other : best))
  })
  const parts = places.flatMap(({ item, rows }) =>
    rows.map((row) => ({ metric: row.metric, item: item.id, ...partOf(connections.get(item.connectionId)!, row) })),
  )
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

const newestOf = (rows: readonly StoredObservation[]) => Math.max(0, ...rows.map(({ observedAt }) => observedAt))
