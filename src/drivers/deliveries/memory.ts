import {
  type Deliveries,
  type Delivery,
  type DeliveryWithEvent,
  type Endpoint,
  type EventFilter,
  mostSwept,
  mostTries,
  type PlacedEvent,
  type Settled,
} from '../../ports/deliveries.ts'
import type { AlongLog } from '../along/memory.ts'
import type { KeepsSealed } from '../sealed-texts/memory.ts'

interface Row extends Delivery {
  readonly position: number
  readonly claim: string | null
  readonly claimedUntil: number | null
}

interface Place {
  /** The `sequence` of the last event that was looked at. */
  looked: number
  head: number
  swept: number
  readonly events: Map<string, PlacedEvent>
  readonly rows: Map<string, Row>
  /** Of these, those that are looked through again and again. */
  readonly waiting: Map<string, Row>
}

/** Endpoints and deliveries in memory, of the events in the same log. There nothing commits late, so the order is that of the log. */
export function openMemoryDeliveries(log: AlongLog): Deliveries & KeepsSealed {
  const endpoints = new Map<string, Endpoint>()
  const places = new Map<string, Place>()
  const keyOf = (...parts: string[]) => parts.join('\n')

  return {
    async saveEndpoint(endpoint, along) {
      endpoints.set(keyOf(endpoint.environmentId, endpoint.id), { ...structuredClone(endpoint), ...untouched })
      log.write(endpoint.environmentId, along)
    },

    async changeEndpoint(environmentId, id, { disabled: wished, ...rest }, along) {
      const before = endpoints.get(keyOf(environmentId, id))
      if (!before) return null
      const named = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
      const disabled = wished === undefined || (wished && before.disabled) ? before.disabled : wished
      const health = before.disabled !== null && disabled === null ? untouched : {}
      const after = change(environmentId, id, () => structuredClone({ ...before, ...named, ...health, disabled }))
      log.write(environmentId, along(before))
      return after
    },

    async saveKeys(environmentId, id, { secret, keys, before }, along) {
      const saved = change(environmentId, id, (endpoint) =>
        endpoint.secret === before ? { ...endpoint, secret, keys: structuredClone(keys) } : null,
      )
      if (saved) log.write(environmentId, along)
      return saved !== null
    },

    async endpoints(environmentId) {
      return [...endpoints.values()].filter((one) => one.environmentId === environmentId).sort(byId)
    },

    async endpoint(environmentId, id) {
      return endpoints.get(keyOf(environmentId, id)) ?? null
    },

    async removeEndpoint(environmentId, id, along) {
      if (!endpoints.delete(keyOf(environmentId, id))) return false
      log.write(environmentId, along)
      return true
    },

    async place(environmentId, { now, limit }) {
      const place = placeOf(environmentId)
      const found = unplaced(environmentId, place).slice(0, limit)
      for (const event of found) {
        place.looked = event.sequence
        const placed = { ...event, position: ++place.head }
        place.events.set(event.id, placed)
        for (const endpoint of endpoints.values())
          if (endpoint.environmentId === environmentId && endpoint.disabled === null && wants(endpoint, event))
            put(place, keyOf(event.id, endpoint.id), newRow(placed, endpoint.id, now))
      }
      return { placed: found.length, head: place.head }
    },

    async look(environmentId, now) {
      const place = placeOf(environmentId)
      const first = new Map<string, number>()
      for (const row of place.waiting.values())
        if (isDue(row, now)) first.set(row.endpointId, Math.min(row.nextAt, first.get(row.endpointId) ?? row.nextAt))
      const due = [...first]
        .filter(([id]) => isReady(endpoints.get(keyOf(environmentId, id)), now))
        .sort(([one, oneAt], [other, otherAt]) => oneAt - otherAt || compare(one, other))
      return { unplaced: unplaced(environmentId, place).length > 0, due: due.map(([id]) => id) }
    },

    async waiting(environmentId, { now, limit }) {
      const rows = [...placeOf(environmentId).waiting.values()]
      const of = (row: Row) => endpoints.get(keyOf(environmentId, row.endpointId))
      const due = rows.filter((row) => row.nextAt <= now && isReady(of(row), now)).map(({ nextAt }) => nextAt)
      const count = rows.filter((row) => of(row)?.disabled === null).length
      return { count: Math.min(count, limit), since: due.length === 0 ? null : Math.min(...due) }
    },

    async claim(environmentId, endpointId, { claim, now, until, limit, limitWhileFailing }) {
      const place = placeOf(environmentId)
      const endpoint = endpoints.get(keyOf(environmentId, endpointId))
      if (!endpoint || !isReady(endpoint, now)) return null
      const most = endpoint.failures > 0 ? limitWhileFailing : limit
      const own = [...place.waiting.values()].filter((row) => row.endpointId === endpointId)
      const chosen = endpoint.ordered
        ? front(own.sort(byPosition).slice(0, most), own, now)
        : own
            .filter((row) => isDue(row, now))
            .sort((one, other) => one.nextAt - other.nextAt || byPosition(one, other))
            .slice(0, most)
      const deliveries = chosen.sort(byPosition).map((row) => {
        put(place, keyOf(row.eventId, endpointId), { ...row, claim, claimedUntil: until })
        return withEvent(place, row)
      })
      return { endpoint, deliveries }
    },

    async settle(environmentId, endpointId, claim, settled) {
      const place = placeOf(environmentId)
      for (const one of settled) {
        const key = keyOf(one.eventId, endpointId)
        const row = place.rows.get(key)
        if (row?.state === 'waiting' && (row.claim === claim || one.state === 'delivered'))
          put(place, key, settledRow(row, one))
      }
    },

    async fared(environmentId, endpointId, fared) {
      const { restUntil } = fared
      return change(environmentId, endpointId, (endpoint) =>
        fared.ok
          ? { ...endpoint, failures: 0, failingSince: null, failingSays: null, restUntil }
          : {
              ...{ ...endpoint, failures: endpoint.failures + 1, failingSays: fared.says, restUntil },
              failingSince: endpoint.failingSince ?? fared.at,
            },
      )
    },

    async tell(environmentId, endpointId, news, along) {
      const told = change(environmentId, endpointId, (endpoint) => {
        const { toldAt, failingSince, disabled } = endpoint
        if (news.kind === 'failing')
          return toldAt === null && failingSince !== null && disabled === null ? { ...endpoint, toldAt: news.at } : null
        if (news.kind === 'recovered')
          return toldAt !== null && failingSince === null && disabled === null ? { ...endpoint, toldAt: null } : null
        return disabled === null ? { ...endpoint, disabled: news.disabled } : null
      })
      if (told) log.write(environmentId, along)
      return told !== null
    },

    async resend(environmentId, eventId, endpointId, now) {
      const place = placeOf(environmentId)
      const event = place.events.get(eventId)
      if (!event || !endpoints.has(keyOf(environmentId, endpointId))) return false
      makeDue(place, event, endpointId, now)
      return true
    },

    async recover(environmentId, endpointId, { since, now, after, limit }) {
      const place = placeOf(environmentId)
      const endpoint = endpoints.get(keyOf(environmentId, endpointId))
      if (!endpoint) return { recovered: 0, next: null }
      const found = inOrder(place)
        .filter((event) => event.position > after && event.at >= since && wants(endpoint, event))
        .slice(0, limit)
      let recovered = 0
      for (const event of found) {
        const row = place.rows.get(keyOf(event.id, endpointId))
        if (row?.state === 'delivered' || (row && row.claimedUntil !== null && row.claimedUntil > now)) continue
        makeDue(place, event, endpointId, now)
        recovered++
      }
      return { recovered, next: found.length < limit ? null : found.at(-1)!.position }
    },

    async list(environmentId, { endpointId, eventId, state, type, limit, before }) {
      const place = placeOf(environmentId)
      const from = before && (place.events.get(before.eventId)?.position ?? 0)
      const isAfter = (row: Row) =>
        from === undefined || (row.position - from || compare(row.endpointId, before!.endpointId)) < 0
      return [...place.rows.values()]
        .filter((row) => endpoints.has(keyOf(environmentId, row.endpointId)))
        .filter((row) => endpointId === undefined || row.endpointId === endpointId)
        .filter((row) => eventId === undefined || row.eventId === eventId)
        .filter((row) => state === undefined || row.state === state)
        .filter((row) => type === undefined || place.events.get(row.eventId)!.type === type)
        .filter(isAfter)
        .sort((one, other) => byPosition(other, one) || compare(other.endpointId, one.endpointId))
        .slice(0, limit)
        .map((row) => withEvent(place, row))
    },

    async delivery(environmentId, eventId, endpointId) {
      const place = placeOf(environmentId)
      const row = place.rows.get(keyOf(eventId, endpointId))
      return row && endpoints.has(keyOf(environmentId, endpointId)) ? withEvent(place, row) : null
    },

    async eventsAfter(environmentId, { after, limit, ...filter }) {
      return inOrder(placeOf(environmentId))
        .filter((event) => event.position > after && passes(filter, event))
        .slice(0, limit)
    },

    async places(environmentId) {
      const { head, swept } = placeOf(environmentId)
      return { head, swept }
    },

    async sweep(environmentId, before) {
      const place = placeOf(environmentId)
      const failed = [...place.rows].filter(
        ([, { state, endedAt }]) => state === 'failed' && endedAt !== null && endedAt < before.failed,
      )
      for (const [key] of failed.slice(0, mostSwept)) drop(place, key)
      const left = [...place.rows].filter(([, { endpointId }]) => !endpoints.has(keyOf(environmentId, endpointId)))
      const first = left.sort(([, one], [, other]) => byEndpoint(one, other)).slice(0, mostSwept)
      for (const [key] of first) drop(place, key)
      const all = inOrder(place).slice(0, mostSwept)
      const newest = all.findIndex(({ at }) => at >= before.events)
      const old = newest < 0 ? all : all.slice(0, newest)
      for (const { id, position } of old) {
        place.events.delete(id)
        for (const [key, row] of place.rows) if (row.eventId === id) drop(place, key)
        place.swept = position
      }
      log.forget(new Set(old.map(({ sequence }) => sequence)))
      return Math.min(failed.length, mostSwept) + first.length + old.length
    },

    *sealedTexts(environmentId) {
      for (const [key, endpoint] of endpoints)
        if (endpoint.environmentId === environmentId)
          yield {
            text: {
              ...{ place: 'endpoint.secret', row: endpoint.id, field: 'endpoint.secret', generation: 0 },
              sealed: endpoint.secret,
            },
            replace: (resealed) => endpoints.set(key, { ...endpoint, secret: resealed }),
          }
    },
  }

  function placeOf(environmentId: string): Place {
    const place = places.get(environmentId) ?? {
      ...{ looked: 0, head: 0, swept: 0 },
      ...{ events: new Map(), rows: new Map(), waiting: new Map() },
    }
    places.set(environmentId, place)
    return place
  }

  function unplaced(environmentId: string, { looked }: Place) {
    const from = log.events.findLastIndex(({ sequence }) => sequence <= looked) + 1
    return log.events.slice(from).filter((event) => event.environmentId === environmentId)
  }

  function change(environmentId: string, id: string, next: (endpoint: Endpoint) => Endpoint | null): Endpoint | null {
    const key = keyOf(environmentId, id)
    const endpoint = endpoints.get(key)
    const changed = endpoint ? next(endpoint) : null
    if (changed) endpoints.set(key, changed)
    return changed
  }

  function makeDue(place: Place, event: PlacedEvent, endpointId: string, now: number): void {
    const key = keyOf(event.id, endpointId)
    const fresh = newRow(event, endpointId, now)
    const { tries, madeAt } = place.rows.get(key) ?? fresh
    put(place, key, { ...fresh, tries, madeAt })
  }
}

const untouched = { failures: 0, failingSince: null, failingSays: null, toldAt: null, restUntil: null }

function put({ rows, waiting }: Place, key: string, row: Row): void {
  rows.set(key, row)
  if (row.state === 'waiting') waiting.set(key, row)
  else waiting.delete(key)
}

function drop({ rows, waiting }: Place, key: string): void {
  rows.delete(key)
  waiting.delete(key)
}

const isReady = (endpoint: Endpoint | undefined, now: number) =>
  endpoint?.disabled === null && (endpoint.restUntil === null || endpoint.restUntil <= now)
const isFree = ({ claimedUntil }: Row, now: number) => claimedUntil === null || claimedUntil <= now
const isDue = (row: Row, now: number) => row.state === 'waiting' && row.nextAt <= now && isFree(row, now)

/** From the front up to the first that is not due; nothing while somebody has any. */
function front(first: readonly Row[], all: readonly Row[], now: number): Row[] {
  if (!all.every((row) => isFree(row, now))) return []
  const late = first.findIndex(({ nextAt }) => nextAt > now)
  return late < 0 ? [...first] : first.slice(0, late)
}

function wants(endpoint: Endpoint, event: Omit<PlacedEvent, 'position'>): boolean {
  const isOwn = event.type.startsWith('endpoint.') && event.data.endpoint === endpoint.id
  return !isOwn && passes(endpoint, event)
}

function passes({ types, profiles, connectionId }: EventFilter, event: Omit<PlacedEvent, 'position'>): boolean {
  const family = `${event.type.split('.')[0]}.*`
  return (
    (types?.some((type) => type === '*' || type === event.type || type === family) ?? true) &&
    (profiles?.some((profile) => profile === event.profileId) ?? true) &&
    (connectionId === undefined || event.connectionId === connectionId)
  )
}

const newRow = (event: PlacedEvent, endpointId: string, now: number): Row => ({
  ...{ eventId: event.id, endpointId, position: event.position, state: 'waiting', attempts: 0, nextAt: now },
  ...{ claim: null, claimedUntil: null, tries: [], madeAt: now, endedAt: null },
})

function settledRow(row: Row, { state, nextAt, tried }: Settled): Row {
  const endedAt = state === 'waiting' || tried === null ? null : tried.at + tried.durationMs
  const free = { ...row, state, nextAt, endedAt, claim: null, claimedUntil: null }
  if (tried === null) return free
  return { ...free, attempts: row.attempts + 1, tries: [...row.tries, tried].slice(-mostTries) }
}

function withEvent(place: Place, row: Row): DeliveryWithEvent {
  const { position: _, claim: __, claimedUntil: ___, ...delivery } = row
  return { ...delivery, event: place.events.get(row.eventId)! }
}

const inOrder = ({ events }: Place) => [...events.values()]
const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)
const byId = (one: { readonly id: string }, other: { readonly id: string }) => compare(one.id, other.id)
const byEndpoint = (one: Row, other: Row) =>
  compare(one.endpointId, other.endpointId) || compare(one.eventId, other.eventId)
const byPosition = (one: Row, other: Row) => one.position - other.position
