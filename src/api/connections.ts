import { Fault, faults } from '@patchbay/kit'
import { z } from 'zod'
import type { Validation } from '../engine/connect/connection-actions.ts'
import { switchedOff } from '../engine/connect/slots.ts'
import type { Engine } from '../engine/engine.ts'
import { type Freshness, freshnessOf } from '../engine/metrics/freshness.ts'
import { quotasUnder } from '../engine/quota/draws.ts'
import { streamState } from '../engine/watch/stream-state.ts'
import type { Connection } from '../ports/connections.ts'
import type { Integration } from '../ports/directory.ts'
import type { StreamNote } from '../ports/stream-notes.ts'
import { cadenceJson, cadenceToJson } from './cadence.ts'
import { fixers } from './problem.ts'
import { cutPage, idText, instant, iso, pageOf, paging, route } from './route.ts'

const states = ['pending', 'healthy', 'degraded', 'needs_reauth', 'revoked', 'disconnected', 'paused'] as const

const freshnessJson = z.strictObject({
  /** When we last read it without a failure. */
  syncedAt: instant.nullable(),
  badge: z.enum(['fresh', 'aging', 'stale', 'unknown']),
})

export const connectionJson = z.strictObject({
  id: z.string(),
  profile: z.string(),
  provider: z.string(),
  integration: z.string(),
  account: z.strictObject({
    id: z.string(),
    handle: z.string().nullable(),
    name: z.string(),
    url: z.string().nullable(),
    imageUrl: z.string().nullable(),
    kind: z.string(),
    ownership: z.string(),
  }),
  state: z.enum(states),
  reason: z.string().nullable(),
  /** The reason in plain words, and who acts. */
  says: z.string().nullable(),
  fixedBy: z.enum(fixers).nullable(),
  scopes: z.strictObject({
    granted: z.array(z.string()),
    missing: z.array(z.string()),
    /** What stands still because of each that is missing. */
    switchedOff: z.array(
      z.strictObject({
        scope: z.string(),
        streams: z.array(z.strictObject({ id: z.string(), summary: z.string() })),
      }),
    ),
  }),
  /** When access ends without us, by each of the provider's clocks; null where it has none. */
  clocks: z.strictObject({ access: instant.nullable(), refresh: instant.nullable(), dataAccess: instant.nullable() }),
  /** When access ends unless its owner consents again; null while it renews itself. */
  endsAt: instant.nullable(),
  freshness: freshnessJson,
  createdAt: instant,
})

const streamJson = z.strictObject({
  id: z.string(),
  summary: z.string(),
  state: z.enum(['on_time', 'late', 'error', 'waiting', 'blocked', 'running', 'never']),
  /** Why it stands still, when it does, and who ends that. */
  says: z.string().nullable(),
  fixedBy: z.enum(fixers).nullable(),
  everyMs: z.number(),
  /** How often it is read now, and why: see `connections.cadence`. */
  cadence: cadenceJson.nullable(),
  dueAt: instant,
  lane: z.string(),
  failures: z.number(),
  blocked: z.string().nullable(),
  lastEndedAt: instant.nullable(),
  lastFault: z.string().nullable(),
  /** Why what it brings is not believed, since when, and in how many readings in a row. */
  doubt: z
    .strictObject({
      kind: z.enum(['zeros', 'nothing', 'little', 'vanished']),
      says: z.string(),
      since: instant,
      times: z.number(),
    })
    .nullable(),
  /** Metrics, by the platform's own name, that it refuses: the others are read without them. */
  refused: z.array(z.strictObject({ name: z.string(), why: z.string(), since: instant, retryAt: instant })),
  freshness: freshnessJson,
})

const transitionJson = z.strictObject({
  from: z.string().nullable(),
  to: z.string(),
  reason: z.string().nullable(),
  actor: z.string(),
  at: instant,
})
const stateChange = z.strictObject({ id: z.string(), state: z.enum(states), reason: z.string().nullable() })
const validationJson = stateChange.extend({
  works: z.boolean(),
  /** What stood in the way: of the account, then its state moved, or of the platform just now. */
  fault: z.string().nullable(),
  /** That in plain words; or, when it works, what of it does not. */
  says: z.string().nullable(),
  fixedBy: z.enum(fixers).nullable(),
})
const params = z.strictObject({ id: idText })

/** Connected accounts: what they are, how they are, and what can be done with them. */
export function connectionRoutes(engine: Engine) {
  const { deps, setting } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/connections',
      name: 'connections.list',
      summary: 'Connections, oldest first; disconnected ones only when asked for by state',
      scope: 'connections:read',
      query: z.strictObject({
        ...paging,
        profile: idText.optional(),
        provider: idText.optional(),
        state: z.enum(states).optional(),
      }),
      answer: pageOf(connectionJson),
      handle: async ({ query, caller }) => {
        const { limit, cursor, ...filter } = query
        const rows = await deps.connections.list(caller.environment.id, { ...filter, after: cursor, limit: limit + 1 })
        const { data, nextCursor } = cutPage(rows, limit, ({ id }) => id)
        return { nextCursor, data: await toJson(caller.environment.id, data) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/connections/summary',
      name: 'connections.summary',
      summary: 'How many connections are in each state',
      scope: 'connections:read',
      answer: z.strictObject({ states: z.record(z.string(), z.number()) }),
      handle: async ({ caller }) => ({ states: await deps.connections.count(caller.environment.id) }),
    }),
    route({
      method: 'GET',
      path: '/v1/connections/{id}',
      name: 'connections.read',
      summary: 'One connection',
      scope: 'connections:read',
      params,
      answer: connectionJson,
      handle: async ({ params, caller }) => {
        const [json] = await toJson(caller.environment.id, [await found(caller.environment.id, params.id)])
        return json!
      },
    }),
    route({
      method: 'GET',
      path: '/v1/connections/{id}/streams',
      name: 'connections.streams',
      summary: 'The streams of a connection: how each stands, and why',
      scope: 'connections:read',
      params,
      answer: z.strictObject({ data: z.array(streamJson) }),
      handle: async ({ params, caller }) => {
        const connection = await found(caller.environment.id, params.id)
        return { data: await streamsOf(connection) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/connections/{id}/transitions',
      name: 'connections.transitions',
      summary: 'How the state of a connection changed, newest first',
      scope: 'connections:read',
      params,
      answer: z.strictObject({ data: z.array(transitionJson) }),
      handle: async ({ params, caller }) => {
        await found(caller.environment.id, params.id)
        const rows = await deps.connections.transitions(caller.environment.id, params.id, 200)
        return { data: rows.map(({ from, to, reason, actor, at }) => ({ from, to, reason, actor, at: iso(at) })) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/connections/{id}/validate',
      name: 'connections.validate',
      summary: 'Ask the provider, with one light call, whether the connection still works',
      scope: 'connections:write',
      params,
      answer: validationJson,
      handle: async ({ params, caller }) => {
        const validation = await engine.connect.validate(caller.environment, params.id, caller.actor)
        return validationToJson(await found(caller.environment.id, params.id), validation)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/connections/validate',
      name: 'connections.validateAll',
      summary: 'Ask the same for many, page by page: those of a profile, or all. Each has its own outcome',
      scope: 'connections:write',
      body: z.strictObject({
        profile: idText.optional(),
        provider: idText.optional(),
        cursor: z.string().max(200).optional(),
        limit: z.number().int().min(1).max(50).default(20),
      }),
      answer: pageOf(validationJson),
      handle: async ({ body, caller, signal }) => {
        const { limit, cursor, ...filter } = body
        const { id } = caller.environment
        const rows = await deps.connections.list(id, { ...filter, after: cursor, limit: limit + 1 })
        const { data, nextCursor } = cutPage(rows, limit, ({ id }) => id)
        const outcomes = await engine.connect.validateAll(caller.environment, data, caller.actor, signal)
        const ids = [...outcomes.keys()]
        const after = ids.length === 0 ? [] : await deps.connections.list(id, { ids, limit })
        return { nextCursor, data: after.map((one) => validationToJson(one, outcomes.get(one.id)!)) }
      },
    }),
    act('pause', 'Stop reading this connection until it is resumed', (environment, id, actor) =>
      engine.connect.pause(environment, id, actor),
    ),
    act('resume', 'Go on reading a paused connection', (environment, id, actor) =>
      engine.connect.resume(environment, id, actor),
    ),
    route({
      method: 'DELETE',
      path: '/v1/connections/{id}',
      name: 'connections.disconnect',
      summary:
        'Disconnect: its tokens are given back at the provider unless another connection uses them. History stays',
      scope: 'connections:write',
      params,
      answer: stateChange,
      handle: async ({ params, caller }) => {
        await engine.connect.disconnect(caller.environment, params.id, caller.actor)
        return changed(caller.environment.id, params.id)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/connections/{id}/sync',
      name: 'connections.sync',
      summary: 'Read streams soon, ahead of the schedule',
      scope: 'connections:write',
      status: 202,
      params,
      body: z.strictObject({
        /** All that are not blocked, when absent. */
        streams: z.array(idText).max(50).optional(),
      }),
      answer: z.strictObject({ woken: z.number() }),
      handle: async ({ params, body, caller }) => {
        const connection = await found(caller.environment.id, params.id)
        for (const name of body.streams ?? []) {
          if (!setting.providers.get(connection.provider)?.streams[name])
            throw new Fault('input.invalid', `There is no stream "${name}".`, { field: 'streams' })
        }
        return {
          woken: await engine.wake(caller.environment.id, connection.id, {
            streams: body.streams,
            lane: 'interactive',
          }),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/connections/{id}/refresh',
      name: 'connections.refresh',
      summary: 'Read the headline numbers now and wait for them, a few seconds at most',
      scope: 'connections:write',
      params,
      answer: z.strictObject({ done: z.boolean(), connection: connectionJson }),
      handle: async ({ params, caller, signal }) => {
        const connection = await found(caller.environment.id, params.id)
        const { done } = await engine.refresh(caller.environment.id, connection.id, { waitMs: 5_000, signal })
        const [json] = await toJson(caller.environment.id, [await found(caller.environment.id, params.id)])
        return { done, connection: json! }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/connections/{id}/credentials',
      name: 'connections.credentials',
      summary: 'The access token, fresh. Every reading is in the audit',
      scope: 'credentials:read',
      params,
      answer: z.strictObject({ accessToken: z.string(), expiresAt: instant.nullable(), scopes: z.array(z.string()) }),
      handle: async ({ params, caller }) => {
        const { accessToken, expiresAt, scopes } = await engine.connect.revealCredentials(
          caller.environment,
          params.id,
          caller.actor,
        )
        return { accessToken, expiresAt: iso(expiresAt), scopes: [...scopes] }
      },
    }),
  ]

  function act(
    name: 'pause' | 'resume',
    summary: string,
    work: (
      environment: Parameters<typeof engine.connect.pause>[0],
      id: string,
      actor: Parameters<typeof engine.connect.pause>[2],
    ) => Promise<unknown>,
  ) {
    return route({
      method: 'POST',
      path: `/v1/connections/{id}/${name}`,
      name: `connections.${name}`,
      summary,
      scope: 'connections:write',
      params,
      answer: stateChange,
      handle: async ({ params, caller }) => {
        await found(caller.environment.id, params.id)
        await work(caller.environment, params.id, caller.actor)
        return changed(caller.environment.id, params.id)
      },
    })
  }

  /** Another environment's id and one that never was look the same (T14). */
  async function found(environmentId: string, id: string): Promise<Connection> {
    const connection = await deps.connections.read(environmentId, id)
    if (!connection) throw new Fault('input.unknown', 'There is no such connection.')
    return connection
  }

  function validationToJson(connection: Connection, validation: Validation): z.input<typeof validationJson> {
    const { id, state, reason } = connection
    const { works, fault, says } = validation
    return {
      ...{ id, state, reason, works, fault },
      says: says ?? engine.connect.reasonSays(connection),
      fixedBy: fault === null ? engine.connect.reasonFixedBy(connection) : faults[fault].fixedBy,
    }
  }

  async function changed(environmentId: string, id: string): Promise<z.input<typeof stateChange>> {
    const { state, reason } = await found(environmentId, id)
    return { id, state, reason }
  }

  async function toJson(
    environmentId: string,
    connections: readonly Connection[],
  ): Promise<z.input<typeof connectionJson>[]> {
    const lacking = connections.some(({ missingScopes }) => missingScopes.length > 0)
    const [grants, integrations, slots] = await Promise.all([
      Promise.all(connections.map((connection) => deps.grants.read(environmentId, connection.grantId))),
      lacking ? deps.directory.integrations(environmentId) : [],
      deps.schedule.of(
        environmentId,
        connections.map(({ id }) => id),
      ),
    ])
    const now = deps.clock.now()
    return connections.map((connection, index) => {
      const grant = grants[index]
      const { account } = connection
      return {
        id: connection.id,
        profile: connection.profileId,
        provider: connection.provider,
        integration: connection.integrationId,
        account: {
          id: account.id,
          handle: account.handle ?? null,
          name: account.name,
          url: account.url ?? null,
          imageUrl: account.imageUrl ?? null,
          kind: account.kind,
          ownership: account.ownership ?? 'owned',
        },
        state: connection.state,
        reason: connection.reason,
        says: engine.connect.reasonSays(connection),
        fixedBy: engine.connect.reasonFixedBy(connection),
        scopes: {
          granted: [...(grant?.scopes ?? [])],
          missing: [...connection.missingScopes],
          switchedOff: switchedOffOf(connection, integrations),
        },
        clocks: {
          access: iso(grant?.accessExpiresAt ?? null),
          refresh: iso(grant?.refreshExpiresAt ?? null),
          dataAccess: iso(grant?.dataAccessExpiresAt ?? null),
        },
        endsAt: iso(grant?.endsAt ?? null),
        freshness: freshnessToJson(
          freshnessOf(
            slots.filter(({ connectionId }) => connectionId === connection.id),
            now,
          ),
        ),
        createdAt: iso(connection.createdAt),
      }
    })
  }

  function switchedOffOf(
    { provider: providerId, integrationId, missingScopes }: Connection,
    integrations: readonly Integration[],
  ) {
    const provider = setting.providers.get(providerId)
    const integration = integrations.find(({ id }) => id === integrationId)
    if (!provider || !integration) return []
    return switchedOff(provider, integration, missingScopes).map(({ scope, streams }) => ({
      scope,
      streams: streams.map((id) => ({ id, summary: provider.streams[id]?.summary ?? id })),
    }))
  }

  async function streamsOf(connection: Connection): Promise<z.input<typeof streamJson>[]> {
    const { environmentId, integrationId } = connection
    const [slots, integration] = await Promise.all([
      deps.schedule.of(environmentId, [connection.id]),
      deps.directory.integration(environmentId, integrationId),
    ])
    const [cadences, notes] = await Promise.all([
      engine.attend.of(connection, slots),
      deps.streamNotes.notes(environmentId, slots),
    ])
    const now = deps.clock.now()
    const provider = setting.providers.get(connection.provider)
    const streams = provider?.streams ?? {}
    const quotas = provider && integration ? quotasUnder({ provider, integration }) : []
    return slots.map((slot, index) => ({
      id: slot.stream,
      summary: streams[slot.stream]?.summary ?? slot.stream,
      ...streamState(slot, now, quotas),
      everyMs: slot.everyMs,
      cadence: cadenceToJson(cadences.get(slot.stream)),
      dueAt: iso(slot.dueAt),
      lane: slot.lane,
      failures: slot.failures,
      blocked: slot.blocked,
      lastEndedAt: iso(slot.lastEndedAt),
      lastFault: slot.lastFault,
      ...doubtsToJson(notes[index]!),
      freshness: freshnessToJson(freshnessOf([slot], now)),
    }))
  }
}

function doubtsToJson({ doubt, refused }: StreamNote): Pick<z.input<typeof streamJson>, 'doubt' | 'refused'> {
  return {
    doubt: doubt && { ...doubt, since: iso(doubt.since) },
    refused: refused.map((one) => ({ ...one, since: iso(one.since), retryAt: iso(one.retryAt) })),
  }
}

function freshnessToJson(freshness: Freshness): z.input<typeof freshnessJson> {
  return { ...freshness, syncedAt: iso(freshness.syncedAt) }
}
