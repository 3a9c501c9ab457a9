import { isDeepStrictEqual } from 'node:util'
import type { Item } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Change, Place, RefusedRow, StoredAudience, StoredFacts, StoredItem } from '../../ports/records.ts'
import { toFacts } from './facts-rows.ts'
import { itemFields, toItemRows, toRemovedIds } from './item-rows.ts'
import { SeriesTable, type StoredRow } from './memory-series.ts'
import type { mergePlaces } from './merge-places.ts'
import { type ObservationRow, observationKey, wasOver } from './observation-rows.ts'
import { dimensionsOf } from './save-audiences.ts'
import { mostKept } from './save-refused-rows.ts'
import { storable, storableText } from './storable.ts'

/** One environment's rows, by their keys. */
export interface Store {
  readonly observations: SeriesTable
  readonly revisions: Map<string, StoredRow[]>
  readonly places: Map<string, Place>
  readonly items: Map<string, StoredItem>
  readonly audiences: Map<string, StoredAudience>
  readonly facts: Map<string, StoredFacts>
  readonly refused: Map<string, RefusedRow>
}

export const openStore = (): Store => ({
  observations: new SeriesTable(),
  revisions: new Map(),
  places: new Map(),
  items: new Map(),
  audiences: new Map(),
  facts: new Map(),
  refused: new Map(),
})

export function saveObservations(store: Store, rows: readonly ObservationRow[], at: Instant) {
  const changes = new Map<string, { inserted: number; restated: number; replaced: Change['replaced'][number][] }>()
  let inserted = 0
  let restated = 0
  for (const row of rows.toSorted(byKey)) {
    const before = store.observations.get(row)
    const change = changes.get(row.connectionId) ?? { inserted: 0, restated: 0, replaced: [] }
    if (before === undefined) {
      store.observations.set({ ...row, observedAt: at, revision: 0 })
      inserted++
      change.inserted++
    } else if (differs(before, row, ['value', 'reason', 'version'])) {
      if (before.observedAt > at) continue
      const key = observationKey(row)
      store.revisions.set(key, [...(store.revisions.get(key) ?? []), before])
      store.observations.set({ ...row, observedAt: at, revision: before.revision + 1 })
      restated++
      change.restated++
      const { metric, item, day, timezone } = row
      if (wasOver(day, timezone, before.observedAt) && change.replaced.length < 100)
        change.replaced.push({
          metric,
          item: item === '' ? null : item,
          day,
          timezone,
          before: before.value,
          after: row.value,
        })
    } else {
      const { observedAt, runId, revision } = before
      if (observedAt < at && differs(before, row, ['final', 'provenance', 'timezone']))
        store.observations.set({ ...row, observedAt, runId, revision })
      continue
    }
    changes.set(row.connectionId, change)
  }
  return { inserted, restated, changes: [...changes].map(([connectionId, change]) => ({ connectionId, ...change })) }
}

const differs = (one: ObservationRow, other: ObservationRow, fields: readonly (keyof ObservationRow)[]) =>
  fields.some((field) => one[field] !== other[field])

export function savePlaces(store: Store, places: ReturnType<typeof mergePlaces>, savedAt: Instant): void {
  for (const { connectionId, stream, cursor, checkpoint } of places) {
    const key = `${connectionId}\n${stream}`
    const before = store.places.get(key)
    if (before && before.savedAt! > savedAt) continue
    store.places.set(key, {
      connectionId,
      stream,
      cursor: cursor === undefined ? (before?.cursor ?? null) : storable(cursor),
      checkpoint: checkpoint === undefined ? (before?.checkpoint ?? null) : storable(checkpoint),
      savedAt,
    })
  }
}

export function saveItems(store: Store, pages: Parameters<typeof toItemRows>[0], at: Instant) {
  const fresh: { connectionId: string; item: Item }[] = []
  const gone: { connectionId: string; id: string }[] = []
  let written = 0
  for (const { connectionId, item } of toItemRows(pages)) {
    const key = `${connectionId}\n${item.id}`
    const before = store.items.get(key)
    const same = before && isDeepStrictEqual(itemFields(before), itemFields(item))
    if (before && (before.seenAt > at || (same && before.removedAt === null && before.seenAt > at - aDayMs))) continue
    store.items.set(key, {
      ...item,
      connectionId,
      firstSeenAt: before?.firstSeenAt ?? at,
      seenAt: at,
      removedAt: null,
    })
    written++
    if (!before) fresh.push({ connectionId, item })
  }
  for (const { connectionId, id } of toRemovedIds(pages)) {
    const before = store.items.get(`${connectionId}\n${id}`)
    if (!before || before.removedAt !== null || before.seenAt > at) continue
    store.items.set(`${connectionId}\n${id}`, { ...before, removedAt: at })
    gone.push({ connectionId, id })
    written++
  }
  return { written, fresh, gone }
}

const aDayMs = 86_400_000

export function saveAudiences(store: Store, pages: Parameters<typeof toItemRows>[0], at: Instant): void {
  for (const { connectionId, audiences } of pages)
    for (const audience of audiences) {
      const { population, dimensions, period, basis, rows } = storable(audience)
      const key = [connectionId, population, dimensionsOf(dimensions), period.end].join('\n')
      const before = store.audiences.get(key)
      if (before && before.observedAt > at) continue
      const next = { population, basis, period, rows, dimensions: dimensions.toSorted() }
      const { connectionId: _, observedAt: __, ...known } = before ?? { connectionId, observedAt: at }
      if (before && JSON.stringify(Object.entries(known).sort()) === JSON.stringify(Object.entries(next).sort()))
        continue
      store.audiences.set(key, { ...next, connectionId, observedAt: at })
    }
}

export function saveFacts(store: Store, pages: Parameters<typeof toItemRows>[0], at: Instant): void {
  for (const { connectionId, stream, facts } of toFacts(pages)) {
    const key = `${connectionId}\n${stream}`
    const before = store.facts.get(key)
    if (before) {
      const { connectionId: _, stream: __, seenAt, ...known } = before
      if (seenAt > at || (isDeepStrictEqual(known, facts) && seenAt > at - aDayMs)) continue
    }
    store.facts.set(key, { ...facts, connectionId, stream, seenAt: at })
  }
}

export function saveRefused(store: Store, pages: Parameters<typeof toItemRows>[0], at: Instant): void {
  const met = new Map<string, RefusedRow>()
  for (const { connectionId, stream, runId, refused } of pages)
    for (const { what: given, why } of refused) {
      const what = storableText(given)
      const key = [connectionId, stream, what].join('\n')
      const before = store.refused.get(key)
      const counts = { firstAt: before?.firstAt ?? at, at, times: (before?.times ?? 0) + 1 }
      met.set(key, { connectionId, stream, what, why: storableText(why), runId, ...counts })
    }
  for (const [key, row] of met) store.refused.set(key, row)
  if (met.size > 0 && store.refused.size > mostKept) forgetRefused(store, [...met.values()])
}

function forgetRefused({ refused }: Store, met: readonly RefusedRow[]): void {
  const streamOf = ({ connectionId, stream }: RefusedRow) => `${connectionId}\n${stream}`
  const changed = new Set(met.map(streamOf))
  const own = [...refused].filter(([, row]) => changed.has(streamOf(row)))
  for (const rows of Map.groupBy(own, ([, row]) => streamOf(row)).values()) {
    rows.sort(([oneKey, one], [otherKey, other]) => other.at - one.at || (oneKey < otherKey ? -1 : 1))
    for (const [key] of rows.slice(mostKept)) refused.delete(key)
  }
}

const keyParts = ['connectionId', 'metric', 'item', 'dimensions', 'day'] as const

export type RowKey = Pick<ObservationRow, (typeof keyParts)[number]>

export function byKey(one: RowKey, other: RowKey): number {
  for (const part of keyParts) if (one[part] !== other[part]) return one[part] < other[part] ? -1 : 1
  return 0
}

export const sameSeries = (one: ObservationRow, other: ObservationRow | undefined) =>
  other !== undefined && keyParts.slice(0, 4).every((part) => one[part] === other[part])
