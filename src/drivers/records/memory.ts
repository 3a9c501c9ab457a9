import type { Item, NullReason } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Change, Place, Records, RefusedRow, StoredAudience, StoredItem } from '../../ports/records.ts'
import type { AlongLog } from '../along/memory.ts'
import { itemFields, toItemRows, toRemovedIds } from './item-rows.ts'
import { joinChanges } from './join-changes.ts'
import { mergePlaces } from './merge-places.ts'
import {
  dimensionsKey,
  type ObservationRow,
  observationKey,
  parseDimensions,
  toObservationRows,
  wasOver,
} from './observation-rows.ts'
import { dimensionsOf } from './save-rest.ts'
import { storable, storableText } from './storable.ts'

/** Records in memory. A save is one synchronous step: nobody sees half of it. */
export function openMemoryRecords(log: AlongLog): Records {
  const environments = new Map<string, Store>()
  const of = (environmentId: string) => {
    let store = environments.get(environmentId)
    if (!store) environments.set(environmentId, (store = openStore()))
    return store
  }

  return {
    async save(environmentId, pages, along) {
      const store = of(environmentId)
      const { at } = along
      const rows = toObservationRows(pages)
      savePlaces(store, mergePlaces(pages), at)
      const observations = saveObservations(store, rows, at)
      const items = saveItems(store, pages, at)
      saveAudiences(store, pages, at)
      saveRefused(store, pages, at)
      log.write(environmentId, 'of' in along ? along.of(joinChanges(observations.changes, items.fresh)) : along)
      const { inserted, restated } = observations
      const refused = pages.reduce((sum, page) => sum + page.refused.length, 0)
      return { inserted, restated, unchanged: rows.length - inserted - restated, items: items.written, refused }
    },

    async places(environmentId, keys) {
      const { places } = of(environmentId)
      return keys.map(
        ({ connectionId, stream }) =>
          places.get(`${connectionId}\n${stream}`) ?? {
            connectionId,
            stream,
            cursor: null,
            checkpoint: null,
            savedAt: null,
          },
      )
    },

    async forgetPlaces(environmentId, connectionId, { stream, all }) {
      const { places } = of(environmentId)
      for (const [key, place] of places)
        if (place.connectionId === connectionId && (stream === undefined || place.stream === stream))
          places.set(key, { ...place, checkpoint: null, cursor: all ? null : place.cursor })
    },

    async series(environmentId, { connections, metrics, from, to, item, latest, limit }) {
      const rows = [...of(environmentId).observations.values()]
        .filter(
          (row) =>
            connections.includes(row.connectionId) &&
            metrics.includes(row.metric) &&
            (from === undefined || row.day >= from) &&
            (to === undefined || row.day <= to) &&
            (item === '*' ? row.item !== '' : row.item === (item ?? '')),
        )
        .sort(byKey)
      const wanted = latest ? rows.filter((row, i) => !sameSeries(row, rows[i + 1])) : rows
      return wanted.slice(0, limit).map(toStored)
    },

    async revisions(environmentId, { connectionId, metric, item, day, dimensions }) {
      const key = { connectionId, metric, item: item ?? '', day, dimensions: dimensionsKey(dimensions) }
      return (of(environmentId).revisions.get(observationKey(key)) ?? []).toReversed().map(toStored)
    },

    async items(environmentId, { connections, kind, after, limit }) {
      const { items } = of(environmentId)
      const [connectionId, ...id] = after?.split(':') ?? []
      const last = after === undefined ? null : items.get(`${connectionId}\n${id.join(':')}`)
      if (last === undefined) return []
      return [...items.values()]
        .filter((item) => connections.includes(item.connectionId) && (kind === undefined || item.kind === kind))
        .filter((item) => last === null || newerFirst(last, item) < 0)
        .sort(newerFirst)
        .slice(0, limit)
    },

    async audiences(environmentId, connections) {
      const rows = [...of(environmentId).audiences]
        .filter(([, audience]) => connections.includes(audience.connectionId))
        .sort(([one], [other]) => (one < other ? -1 : 1))
      return rows.filter(([key], i) => seriesOf(key) !== seriesOf(rows[i + 1]?.[0])).map(([, audience]) => audience)
    },

    async refusedRows(environmentId, { connections, stream, limit }) {
      return [...of(environmentId).refused]
        .filter(([, row]) => connections.includes(row.connectionId) && (stream === undefined || row.stream === stream))
        .sort(([oneKey, one], [otherKey, other]) => other.at - one.at || (oneKey < otherKey ? -1 : 1))
        .slice(0, limit)
        .map(([, row]) => row)
    },
  }
}

interface StoredRow extends ObservationRow {
  readonly observedAt: Instant
  readonly revision: number
}

interface Store {
  readonly observations: Map<string, StoredRow>
  readonly revisions: Map<string, StoredRow[]>
  readonly places: Map<string, Place>
  readonly items: Map<string, StoredItem>
  readonly audiences: Map<string, StoredAudience>
  readonly refused: Map<string, RefusedRow>
}

const openStore = (): Store => ({
  observations: new Map(),
  revisions: new Map(),
  places: new Map(),
  items: new Map(),
  audiences: new Map(),
  refused: new Map(),
})

function saveObservations(store: Store, rows: readonly ObservationRow[], at: Instant) {
  const changes = new Map<string, { inserted: number; restated: number; replaced: Change['replaced'][number][] }>()
  let inserted = 0
  let restated = 0
  for (const row of rows.toSorted(byKey)) {
    const key = observationKey(row)
    const before = store.observations.get(key)
    const change = changes.get(row.connectionId) ?? { inserted: 0, restated: 0, replaced: [] }
    if (before === undefined) {
      store.observations.set(key, { ...row, observedAt: at, revision: 0 })
      inserted++
      change.inserted++
    } else if (differs(before, row, ['value', 'reason', 'version'])) {
      if (before.observedAt > at) continue
      store.revisions.set(key, [...(store.revisions.get(key) ?? []), before])
      store.observations.set(key, { ...row, observedAt: at, revision: before.revision + 1 })
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
        store.observations.set(key, { ...row, observedAt, runId, revision })
      continue
    }
    changes.set(row.connectionId, change)
  }
  return { inserted, restated, changes: [...changes].map(([connectionId, change]) => ({ connectionId, ...change })) }
}

const differs = (one: ObservationRow, other: ObservationRow, fields: readonly (keyof ObservationRow)[]) =>
  fields.some((field) => one[field] !== other[field])

function savePlaces(store: Store, places: ReturnType<typeof mergePlaces>, savedAt: Instant): void {
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

function saveItems(store: Store, pages: Parameters<typeof toItemRows>[0], at: Instant) {
  const fresh: { connectionId: string; item: Item }[] = []
  let written = 0
  for (const { connectionId, item } of toItemRows(pages)) {
    const key = `${connectionId}\n${item.id}`
    const before = store.items.get(key)
    const same = before && JSON.stringify(itemFields(before)) === JSON.stringify(itemFields(item))
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
    written++
  }
  return { written, fresh }
}

const aDayMs = 86_400_000

function saveAudiences(store: Store, pages: Parameters<typeof toItemRows>[0], at: Instant): void {
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

function saveRefused(store: Store, pages: Parameters<typeof toItemRows>[0], at: Instant): void {
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
}

function toStored({ item, dimensions, reason, ...row }: StoredRow) {
  return {
    ...row,
    item: item === '' ? null : item,
    dimensions: parseDimensions(dimensions),
    reason: reason as NullReason | null,
  }
}

const keyParts = ['connectionId', 'metric', 'item', 'dimensions', 'day'] as const

function byKey(one: ObservationRow, other: ObservationRow): number {
  for (const part of keyParts) if (one[part] !== other[part]) return one[part] < other[part] ? -1 : 1
  return 0
}

const sameSeries = (one: ObservationRow, other: ObservationRow | undefined) =>
  other !== undefined && keyParts.slice(0, 4).every((part) => one[part] === other[part])

const seriesOf = (key: string | undefined) => key?.slice(0, key.lastIndexOf('\n'))

function newerFirst(one: StoredItem, other: StoredItem): number {
  const key = ({ publishedAt = '', connectionId, id }: StoredItem) => [publishedAt, connectionId, id] as const
  const [a, b] = [key(one), key(other)]
  for (const i of [0, 1, 2] as const) if (a[i] !== b[i]) return a[i] > b[i] ? -1 : 1
  return 0
}
