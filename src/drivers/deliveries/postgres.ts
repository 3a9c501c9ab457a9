import type { Database, Sql } from '../../ports/database.ts'
import {
  changeable,
  type Deliveries,
  type Delivery,
  type DeliveryWithEvent,
  type Endpoint,
  mostSwept,
  mostTries,
  type PlacedEvent,
} from '../../ports/deliveries.ts'
import { writeAlong } from '../along/postgres.ts'
import * as endpoints from './endpoint-statements.ts'
import * as statements from './statements.ts'

/** Endpoints and deliveries in PostgreSQL. */
export function openPostgresDeliveries(database: Database): Deliveries {
  return {
    saveEndpoint: (endpoint, along) =>
      database.tenant(endpoint.environmentId, async (sql) => {
        await sql(endpoints.insert, [
          endpoint.environmentId,
          endpoint.id,
          endpoint.url,
          endpoint.description,
          endpoint.types,
          endpoint.profiles,
          endpoint.ordered,
          endpoint.secret,
          JSON.stringify(endpoint.keys),
          endpoint.disabled && JSON.stringify(endpoint.disabled),
          new Date(endpoint.createdAt),
        ])
        await writeAlong(sql, endpoint.environmentId, along)
      }),

    changeEndpoint: (environmentId, id, change, along) =>
      database.tenant(environmentId, async (sql) => {
        const before = (await sql<Row<Endpoint>>(endpoints.lock, [environmentId, id])).rows[0]
        if (!before) return null
        const names = changeable.filter((name) => change[name] !== undefined)
        const { url, description, types, profiles, ordered, disabled } = change
        const values = [url, description, types, profiles, ordered, disabled && JSON.stringify(disabled)]
        const about = [environmentId, id, names, ...values.map((value) => value ?? null)]
        const after = (await sql<Row<Endpoint>>(endpoints.change, about)).rows[0]!
        await writeAlong(sql, environmentId, along(before))
        return after
      }),

    saveKeys: (environmentId, id, { secret, keys, before }, along) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, id, secret, JSON.stringify(keys), before]
        if ((await sql(endpoints.saveKeys, values)).count === 0) return false
        await writeAlong(sql, environmentId, along)
        return true
      }),

    endpoints: (environmentId) => database.read<Row<Endpoint>>(environmentId, endpoints.all, [environmentId]),

    endpoint: async (environmentId, id) =>
      (await database.read<Row<Endpoint>>(environmentId, endpoints.one, [environmentId, id], 'endpoint'))[0] ?? null,

    removeEndpoint: (environmentId, id, along) =>
      database.tenant(environmentId, async (sql) => {
        if ((await sql(endpoints.remove, [environmentId, id])).count === 0) return false
        await writeAlong(sql, environmentId, along)
        return true
      }),

    place: (environmentId, { now, limit }) =>
      atOnce(environmentId, (sql) => {
        void lockPlace(sql, environmentId)
        const values = [environmentId, limit, new Date(now)]
        return sql<{ placed: number; head: number }>(statements.place, values, 'delivery.place')
      }).then(({ rows }) => rows[0]!),

    look: async (environmentId, now) => {
      const values = [environmentId, new Date(now)]
      const rows = await database.read<{ id: string | null }>(environmentId, statements.look, values, 'delivery.look')
      const due = rows.flatMap(({ id }) => (id === null ? [] : [id]))
      return { unplaced: due.length < rows.length, due }
    },

    waiting: async (environmentId, { now, limit }) => {
      const values = [environmentId, new Date(now), limit]
      const name = 'delivery.waiting'
      type Found = { count: number; since: number | null }
      return (await database.read<Found>(environmentId, statements.waitingOf, values, name))[0]!
    },

    claim: async (environmentId, endpointId, { claim, now, until, limit, limitWhileFailing }) => {
      const about = [environmentId, endpointId, new Date(now)]
      const values = [...about, new Date(until), claim, limit, limitWhileFailing]
      const { ready, claimed } = await database.tenant(
        environmentId,
        async (sql) => ({
          ready: sql<Row<Endpoint>>(endpoints.lockReady, about, 'delivery.lock_ready'),
          claimed: sql<Row<DeliveryRow>>(statements.claim, values, 'delivery.claim'),
        }),
        { lasts: false },
      )
      const [endpoint] = (await ready).rows
      if (!endpoint) return null
      const deliveries = (await claimed).rows.map(withEvent)
      return { endpoint, deliveries: deliveries.sort((one, other) => one.event.position - other.event.position) }
    },

    settle: async (environmentId, endpointId, claim, settled) => {
      if (settled.length === 0) return
      const rows = settled.map(({ eventId, state, nextAt, tried }) => ({
        ...{ eventId, state, tried },
        nextAt: new Date(nextAt),
        endedAt: state === 'waiting' || tried === null ? null : new Date(tried.at + tried.durationMs),
      }))
      const values = [environmentId, endpointId, claim, JSON.stringify(rows), mostTries]
      await atOnce(environmentId, (sql) => sql(statements.settle, values, 'delivery.settle'))
    },

    fared: (environmentId, endpointId, fared) =>
      database.tenant(environmentId, async (sql) => {
        const how = fared.ok ? [null, null] : [new Date(fared.at), fared.says]
        const values = [environmentId, endpointId, ...how, dateOf(fared.restUntil)]
        return (await sql<Row<Endpoint>>(endpoints.fared, values, 'endpoint.fared')).rows[0] ?? null
      }),

    tell: (environmentId, endpointId, news, along) =>
      database.tenant(environmentId, async (sql) => {
        const about = [environmentId, endpointId]
        const value =
          news.kind === 'failing'
            ? [new Date(news.at)]
            : news.kind === 'disabled'
              ? [JSON.stringify(news.disabled)]
              : []
        if ((await sql(endpoints.tell[news.kind], [...about, ...value])).count === 0) return false
        await writeAlong(sql, environmentId, along)
        return true
      }),

    resend: (environmentId, eventId, endpointId, now) =>
      database.tenant(
        environmentId,
        async (sql) => (await sql(statements.resend, [environmentId, eventId, endpointId, new Date(now)])).count > 0,
      ),

    recover: (environmentId, endpointId, { since, now, after, limit }) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, endpointId, new Date(since), new Date(now), after, limit]
        const { rows } = await sql<{ recovered: number; looked: number; last: number | null }>(
          statements.recover,
          values,
        )
        const { recovered, looked, last } = rows[0]!
        return { recovered, next: looked < limit ? null : last }
      }),

    list: async (environmentId, { endpointId, eventId, state, type, limit, before }) => {
      const about = [endpointId, eventId, state, type, before?.eventId, before?.endpointId]
      const values = [environmentId, limit, ...about.map((value) => value ?? null)]
      return (await database.read<Row<DeliveryRow>>(environmentId, statements.list, values, 'delivery.list')).map(
        withEvent,
      )
    },

    delivery: async (environmentId, eventId, endpointId) => {
      const values = [environmentId, eventId, endpointId]
      return (await database.read<Row<DeliveryRow>>(environmentId, statements.one, values)).map(withEvent)[0] ?? null
    },

    eventsAfter: (environmentId, { after, limit, types, profiles, connectionId }) => {
      const values = [environmentId, after, limit, types ?? null, profiles ?? null, connectionId ?? null]
      return database.read<Row<PlacedEvent>>(environmentId, statements.eventsAfter, values, 'event.after')
    },

    places: async (environmentId) =>
      (await database.read<{ head: number; swept: number }>(environmentId, statements.places, [environmentId]))[0] ?? {
        head: 0,
        swept: 0,
      },

    sweep: (environmentId, before) =>
      database.tenant(environmentId, async (sql) => {
        const failed = await sql(statements.sweepFailed, [environmentId, new Date(before.failed), mostSwept])
        const left = await sql(statements.sweepLeft, [environmentId, mostSwept], 'delivery.sweep_left')
        await lockPlace(sql, environmentId)
        const values = [environmentId, new Date(before.events), mostSwept]
        const { rows } = await sql<{ swept: number; last: number | null }>(statements.sweepEvents, values)
        const { swept, last } = rows[0]!
        if (last !== null) await sql(statements.moveSwept, [environmentId, last])
        return failed.count + left.count + swept
      }),
  }

  /** What is sent to the database in one go, with its COMMIT, so that it takes one round trip. */
  async function atOnce<Found>(environmentId: string, work: (sql: Sql) => Promise<Found>): Promise<Found> {
    const { found } = await database.tenant(environmentId, async (sql) => ({ found: work(sql) }))
    return found
  }
}

type Row<Shape> = Shape & Record<string, unknown>
type DeliveryRow = Delivery & { readonly event: PlacedEvent }

/** Who has it gives places; what commits after it was taken is seen by the statements after it. */
function lockPlace(sql: Sql, environmentId: string): Promise<unknown> {
  void sql(statements.makePlace, [environmentId], 'delivery.make_place')
  return sql(statements.lockPlace, [environmentId], 'delivery.lock_place')
}

/** An instant in a column of JSON is a text that PostgreSQL wrote. */
function withEvent({ event, ...delivery }: Row<DeliveryRow>): DeliveryWithEvent {
  return { ...delivery, event: { ...event, at: Date.parse(event.at as unknown as string) } }
}

const dateOf = (at: number | null) => (at === null ? null : new Date(at))
