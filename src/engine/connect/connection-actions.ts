import { Fault, type FaultCode, type FixedBy, isFault, second } from '@patchbay/kit'
import type { Actor, NewTask } from '../../ports/along.ts'
import type { Connection } from '../../ports/connections.ts'
import type { Environment } from '../../ports/directory.ts'
import type { Lane } from '../../ports/schedule.ts'
import { targetOf } from '../catalog/target-of.ts'
import type { Deps, Setting } from '../deps.ts'
import { faultOf } from '../fault-of.ts'
import type { Gateway } from '../http/gateway.ts'
import type { Target } from '../http/target.ts'
import { type Recent, recentMs } from '../recent.ts'
import type { Vault } from '../vault/vault.ts'
import { connectionEvent, workingState } from './connection-states.ts'
import type { OpenCredentials } from './credentials.ts'
import { runDisconnect } from './disconnect.ts'
import { findPlace, findPlaceIn } from './find-place.ts'
import { reconnectTask } from './person-tasks.ts'
import { probeAccount } from './probe-account.ts'
import { reasonFixedBy, reasonSays, reauthCauses } from './reasons.ts'
import { putSlots } from './slots.ts'

/** What can be done with a connection besides reading it. All throw `input.unknown` for one of another environment as for none. */
export interface ConnectionActions {
  /** One light call. What the provider says about the account moves its state; an outage says nothing. */
  validate(environment: Environment, id: string, actor: Actor): Promise<Validation>
  /**
   * The same for many, a few at once and behind everybody who waits in front of a screen. Each has its own outcome: what goes wrong with one keeps none
   * of the others from being asked. Those that are left when the signal aborts are left out.
   */
  validateAll(
    environment: Environment,
    connections: readonly Connection[],
    actor: Actor,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Validation>>
  pause(environment: Environment, id: string, actor: Actor): Promise<void>
  resume(environment: Environment, id: string, actor: Actor): Promise<void>
  /** For good. Its tokens are given back at the provider when no other connection uses them. Doing it again changes nothing. */
  disconnect(environment: Environment, id: string, actor: Actor): Promise<void>
  /** The access token itself, fresh; written into the audit before it is shown. */
  revealCredentials(environment: Environment, id: string, actor: Actor): Promise<RevealedCredentials>
  /** Why a connection is as it is, in plain words. */
  reasonSays(connection: Connection): string | null
  /** Who ends that. */
  reasonFixedBy(connection: Connection): FixedBy | null
}

export interface Validation {
  readonly works: boolean
  readonly fault: FaultCode | null
  readonly says: string | null
}

export interface RevealedCredentials {
  readonly accessToken: string
  readonly expiresAt: number | null
  readonly scopes: readonly string[]
}

/** Somebody waits for the answer. */
const waiting = { lane: 'interactive', patienceMs: 15 * second } as const

export function openConnectionActions(
  deps: Deps,
  setting: Setting,
  parts: {
    vault: Vault
    gateway: Gateway
    credentials: OpenCredentials
    recent: Recent
    ending?: (connection: Connection) => Promise<void>
  },
): ConnectionActions {
  const { gateway, credentials, vault, recent } = parts

  return {
    reasonSays,
    reasonFixedBy,

    validate: async (environment, id, actor) =>
      validated(environment, await find(environment, id), actor, 'interactive'),

    async validateAll(environment, connections, actor, signal) {
      const outcomes = new Map<string, Validation>()
      const next = connections.values()
      const work = async () => {
        for (const connection of next) {
          if (signal.aborted) return
          outcomes.set(connection.id, await validatedAnyhow(environment, connection, actor))
        }
      }
      await Promise.all(Array.from({ length: validatedAtOnce }, work))
      return outcomes
    },

    async pause(environment, id, actor) {
      const connection = await find(environment, id)
      if (connection.state === 'paused') return
      const change = { from: ['pending', 'healthy', 'degraded'], to: 'paused', reason: 'paused' } as const
      await move(connection, change, actor, 'connection.paused')
      await deps.schedule.block(environment.id, id, { blocked: 'paused' })
      await deps.clock.sleep(recentMs)
    },

    async resume(environment, id, actor) {
      const connection = await find(environment, id)
      if (connection.state === 'disconnected')
        throw new Fault('input.conflict', 'This connection was disconnected. Connect the account anew.')
      if (connection.state !== 'paused') return
      const [grant, [paused], place] = await Promise.all([
        deps.grants.read(environment.id, connection.grantId),
        deps.connections.transitions(environment.id, id, 1),
        findPlace(deps, setting, environment.id, connection.integrationId),
      ])
      if (!grant || grant.state === 'dead' || grant.state === 'revoked') {
        // Its access ended while it was paused.
        const reason = grant?.cause ?? 'expired'
        const cause = reauthCauses.find((one) => one === reason) ?? 'expired'
        const task = await reconnectTask(deps, place.provider, connection, cause)
        const change = { from: ['paused'], to: 'needs_reauth', reason } as const
        await move(connection, change, actor, 'connection.needs_reauth', [task])
        await deps.schedule.block(environment.id, id, { blocked: 'needs_reauth' })
        return
      }
      const working = workingState(connection)
      const next =
        paused?.from === 'pending' && working.to === 'healthy' ? { to: 'pending' as const, reason: null } : working
      await move(connection, { from: ['paused'], ...next }, actor, 'connection.resumed')
      await putSlots(deps, place.provider, place.integration, connection, deps.clock.now())
    },

    async disconnect(environment, id, actor) {
      const connection = await find(environment, id)
      if (connection.state !== 'disconnected') await parts.ending?.(connection)
      await runDisconnect({ deps, setting, vault, exchange: credentials.exchange }, connection, actor)
    },

    async revealCredentials(environment, id, actor) {
      const target = await targetOf(recent, setting, environment, id, waiting)
      const noted = deps.journal.note(environment.id, {
        at: deps.clock.now(),
        actor,
        audit: [{ id: deps.random.id('aud'), action: 'credentials.read', subject: id, detail: { field: 'access' } }],
      })
      noted.catch(() => {})
      return credentials.reveal(target, async (accessToken, { accessExpiresAt, scopes }) => {
        // The token is fetched meanwhile, and shown when this is written.
        await noted
        return { accessToken, expiresAt: accessExpiresAt, scopes }
      })
    },
  }

  async function validated(
    environment: Environment,
    connection: Connection,
    actor: Actor,
    lane: Lane,
  ): Promise<Validation> {
    try {
      await probeAccount(deps, gateway, { ...(await probedTarget(environment, connection)), lane })
    } catch (error) {
      if (!isFault(error)) throw error
      return { works: false, fault: error.code, says: error.message }
    }
    await mended(connection, actor)
    return { works: true, fault: null, says: null }
  }

  /** A bug with one is said of that one. */
  async function validatedAnyhow(environment: Environment, connection: Connection, actor: Actor): Promise<Validation> {
    try {
      return await validated(environment, connection, actor, 'scheduled')
    } catch (error) {
      deps.log.error('connection.validate_bug', { connectionId: connection.id, error })
      const { code, message } = faultOf(error)
      return { works: false, fault: code, says: message }
    }
  }

  async function find(environment: Environment, id: string): Promise<Connection> {
    const connection = await deps.connections.read(environment.id, id)
    if (!connection) throw new Fault('input.unknown', 'There is no such connection.')
    return connection
  }

  async function probedTarget(environment: Environment, connection: Connection): Promise<Target> {
    const place = await findPlaceIn(deps, setting, environment, connection.integrationId)
    const { grantId } = connection
    return { ...place, grantId, connection, runId: null, ...waiting }
  }

  async function move(
    connection: Connection,
    change: Parameters<Deps['connections']['move']>[2],
    actor: Actor,
    type: string,
    openTasks: readonly NewTask[] = [],
  ): Promise<void> {
    const { environmentId, id } = connection
    const moved = await deps.connections.move(environmentId, id, change, {
      at: deps.clock.now(),
      actor,
      events: [connectionEvent(deps, type, connection, { reason: change.reason })],
      audit: [{ id: deps.random.id('aud'), action: type, subject: id }],
      openTasks,
    })
    if (!moved) {
      const now = (await deps.connections.read(environmentId, id))?.state ?? 'gone'
      throw new Fault('input.conflict', `The connection is ${now}.`, { state: now })
    }
  }

  /** It works, so whatever else it was said to suffer from is over. Missing permissions stay missing. */
  async function mended(connection: Connection, actor: Actor): Promise<void> {
    const next = workingState(connection)
    if (connection.state !== 'degraded' || connection.reason === next.reason) return
    await deps.connections.move(
      connection.environmentId,
      connection.id,
      { from: ['degraded'], ...next },
      { at: deps.clock.now(), actor, events: [connectionEvent(deps, 'connection.recovered', connection)] },
    )
  }
}

/** Each is one light call; quotas hold back what is too much all the same. */
const validatedAtOnce = 4
