import type { NullReason } from '@patchbay/kit'
import type { ObservationKey, Records, StoredItem } from '../../ports/records.ts'
import type { AlongLog } from '../along/memory.ts'
import { isrcsOf } from './item-rows.ts'
import { joinChanges } from './join-changes.ts'
import type { StoredRow } from './memory-series.ts'
import {
  byKey,
  openStore,
  type Store,
  sameSeries,
  saveAudiences,
  saveFacts,
  saveItems,
  saveObservations,
  savePlaces,
  saveRefused,
} from './memory-store.ts'
import { mergePlaces } from './merge-places.ts'
import { dimensionsKey, observationKey, parseDimensions, toObservationRows } from './observation-rows.ts'

/** Records in memory. A save is one synchronous step: nobody sees half of it. */
export function openMemoryRecords(log: AlongLog): Records {
  const environments = new Map<string, Store>()
  const of = (environmentId: string) => {
    const store = environments.get(environmentId) ?? openStore()
    environments.set(environmentId, store)
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
      saveFacts(store, pages, at)
      saveRefused(store, pages, at)
      log.write(
        environmentId,
        'of' in along ? along.of(joinChanges(observations.changes, items.fresh, items.gone)) : along,
      )
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

    async removePlaces(environmentId, keys) {
      const { places } = of(environmentId)
      return keys.filter(({ connectionId, stream }) => places.delete(`${connectionId}\n${stream}`)).length
    },

    async series(environmentId, { connections, metrics, from, to, item, latest, limit }) {
      const rows = of(environmentId)
        .observations.of(
          connections,
          (series) => (metrics.length === 0 || metrics.includes(series.metric)) && isAbout(series, item),
        )
        .filter((row) => isWithin(row, from, to))
        .sort(byKey)
      const wanted = latest ? rows.filter((row, i) => !sameSeries(row, rows[i + 1])) : rows
      return wanted.slice(0, limit).map(toStored)
    },

    async newest(environmentId, { items, metrics }) {
      const wanted = new Set(items.map(({ connectionId, id }) => `${connectionId}\n${id}`))
      const connections = items.map(({ connectionId }) => connectionId)
      return of(environmentId)
        .observations.of(connections, ({ metric }) => metrics.includes(metric))
        .filter((row) => row.dimensions === '' && wanted.has(`${row.connectionId}\n${row.item}`))
        .sort(byKey)
        .filter((row, i, rows) => !sameSeries(row, rows[i + 1]))
        .sort(byItem)
        .map(toStored)
    },

    async scan(environmentId, { connectionId, metric, from, to, item, after, limit }) {
      const last = after && toKey({ ...after, connectionId })
      return of(environmentId)
        .observations.of(
          [connectionId],
          (series) => (metric === undefined || series.metric === metric) && (item === null || isAbout(series, item)),
        )
        .filter((row) => isWithin(row, from, to) && (last === undefined || byKey(last, row) < 0))
        .sort(byKey)
        .slice(0, limit)
        .map(toStored)
    },

    async history(environmentId, wanted, { before = Number.POSITIVE_INFINITY, limit }) {
      const { observations, revisions } = of(environmentId)
      const key = toKey(wanted)
      const now = observations.get(key)
      return [...(revisions.get(observationKey(key)) ?? []), ...(now ? [now] : [])]
        .filter(({ revision }) => revision < before)
        .slice(-limit)
        .reverse()
        .map(toStored)
    },

    async items(environmentId, { connections, kind, except, withIsrc, after, limit }) {
      const { items } = of(environmentId)
      return [...items.values()]
        .filter((item) => connections.includes(item.connectionId) && (kind === undefined || item.kind === kind))
        .filter((item) => item.kind !== except && (!withIsrc || isrcsOf(item).length > 0))
        .filter((item) => after === undefined || newerFirst(after, item) < 0)
        .sort(newerFirst)
        .slice(0, limit)
    },

    async audiences(environmentId, connections) {
      const rows = [...of(environmentId).audiences]
        .filter(([, audience]) => connections.includes(audience.connectionId))
        .sort(([one], [other]) => (one < other ? -1 : 1))
      return rows.filter(([key], i) => seriesOf(key) !== seriesOf(rows[i + 1]?.[0])).map(([, audience]) => audience)
    },

    async facts(environmentId, connections) {
      return [...of(environmentId).facts.values()]
        .filter(({ connectionId }) => connections.includes(connectionId))
        .sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))
    },

    async isrcs(environmentId, connectionId, limit) {
      const items = [...of(environmentId).items.values()].filter((item) => item.connectionId === connectionId)
      return [...new Set(items.flatMap(isrcsOf))].sort().slice(0, limit)
    },

    async sharing(environmentId, { isrcs, limit }) {
      const wanted = new Set(isrcs)
      const codes = new Map<string, Set<string>>()
      for (const item of of(environmentId).items.values())
        for (const isrc of isrcsOf(item))
          codes.set(item.connectionId, (codes.get(item.connectionId) ?? new Set()).add(isrc))
      return [...codes]
        .map(([connectionId, its]) => ({
          connectionId,
          shared: [...its].filter((isrc) => wanted.has(isrc)).length,
          all: its.size,
        }))
        .filter(({ shared }) => shared > 0)
        .sort((one, other) => other.shared - one.shared || (one.connectionId < other.connectionId ? -1 : 1))
        .slice(0, limit)
    },

    async erase(environmentId, connectionId) {
      const { observations, revisions, places, items, audiences, facts, refused } = of(environmentId)
      let rows = observations.delete(connectionId)
      const erase = <Row>(
        map: Map<string, Row>,
        isIts: (row: Row) => boolean,
        sizeOf: (row: Row) => number = () => 1,
      ) => {
        for (const [key, row] of map) if (isIts(row) && map.delete(key)) rows += sizeOf(row)
      }
      const isIts = (row: { readonly connectionId: string }) => row.connectionId === connectionId
      erase(
        revisions,
        ([first]) => first !== undefined && isIts(first),
        ({ length }) => length,
      )
      for (const map of [places, items, audiences, facts, refused] as Map<string, { readonly connectionId: string }>[])
        erase(map, isIts)
      return rows
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

const isWithin = ({ day }: StoredRow, from: string | undefined, to: string | undefined) =>
  (from === undefined || day >= from) && (to === undefined || day <= to)

const isAbout = (row: Pick<StoredRow, 'item'>, item: string | undefined) =>
  item === '*' ? row.item !== '' : row.item === (item ?? '')

const toKey = ({ item, dimensions, ...key }: ObservationKey) => ({
  ...key,
  item: item ?? '',
  dimensions: dimensionsKey(dimensions),
})

function toStored({ item, dimensions, reason, ...row }: StoredRow) {
  return {
    ...row,
    item: item === '' ? null : item,
    dimensions: parseDimensions(dimensions),
    reason: reason as NullReason | null,
  }
}

function byItem(one: StoredRow, other: StoredRow): number {
  for (const part of ['connectionId', 'item', 'metric'] as const)
    if (one[part] !== other[part]) return one[part] < other[part] ? -1 : 1
  return 0
}

const placeOf = (row: { connectionId: string; stream: string }) => `${row.connectionId}\n${row.stream}`

const seriesOf = (key: string | undefined) => key?.slice(0, key.lastIndexOf('\n'))

type ItemPlace = Pick<StoredItem, 'publishedAt' | 'connectionId' | 'id'>

function newerFirst(one: ItemPlace, other: ItemPlace): number {
  const key = ({ publishedAt = '', connectionId, id }: ItemPlace) => [publishedAt, connectionId, id] as const
  const [a, b] = [key(one), key(other)]
  for (const i of [0, 1, 2] as const) if (a[i] !== b[i]) return a[i] > b[i] ? -1 : 1
  return 0
}
