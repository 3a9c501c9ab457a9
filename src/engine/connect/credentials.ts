import { dayMs, Fault, isFault, type Provider, second } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Grant } from '../../ports/grants.ts'
import type { Lane } from '../../ports/schedule.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Gateway } from '../http/gateway.ts'
import type { Authorization, Credentials, Target } from '../http/target.ts'
import { isLiving, type Recent } from '../recent.ts'
import type { Vault } from '../vault/vault.ts'
import { AppCredentials } from './app-credentials.ts'
import { authorizationFromFields, carried, openedFields } from './authorization.ts'
import { connectionsOf } from './connection-states.ts'
import { retireLater } from './disconnect.ts'
import { type Exchange, openExchange } from './exchange.ts'
import { findPlace } from './find-place.ts'
import { tellOver } from './give-up.ts'
import { HeldGrants } from './held-grants.ts'
import { callerPatienceMs, hasToken, openRefusalJudge, waitForReplicas } from './judge-refusals.ts'
import { nextRenewal } from './next-renewal.ts'
import { canRefresh, isOld } from './plan-refresh.ts'
import type { ReauthCause } from './reasons.ts'
import { type Refreshed, type RefreshParts, runRefresh } from './refresh-grant.ts'
import { RefusalBook } from './refusal-book.ts'
import { runSecondLook, type SecondLookJob } from './second-look.ts'
import { TokenCircuit } from './token-circuit.ts'
import { waitAtMost } from './wait-at-most.ts'
import { whileRenewing } from './while-renewing.ts'

/** The engine's credentials, and what the rest of `connect` needs of them. */
export interface OpenCredentials extends Credentials {
  /** Renews the tokens of the grant's current generation, once for all who ask at the same time. Does not throw because of the provider. */
  refresh(environmentId: string, grantId: string): Promise<Refreshed>
  /** The background's turn: renews a grant that is about to be used or must be kept alive; else it is looked at again when that is so. */
  renewDue(environmentId: string, grantId: string): Promise<void>
  /** One more look at a grant that was given up on the provider's word. */
  lookAgain(job: SecondLookJob): Promise<void>
  /** The access token itself, fresh, while `use` runs. Whoever calls this writes it into the audit first. */
  reveal<T>(target: Target, use: (accessToken: string, grant: Grant) => T | Promise<T>): Promise<T>
  /** Tokens of a consent that is not stored yet, for as long as its accounts are found out. */
  readonly held: HeldGrants
  readonly exchange: Exchange
  /** Probing an account after a second refusal is a call like any other, so it goes through the gateway, which is made after this. */
  useGateway(gateway: Gateway): void
  /** Waits until no refresh of ours is under way: a token request is never abandoned on purpose. One that another process has begun is that one's. */
  stop(): Promise<void>
}

/**
 * Where calls get their right from. A token that is still valid is always used, also while the token endpoint is down. From 30 s before its end
 * callers wait for the new one, five seconds at most; the refresh itself goes on without them.
 */
export function openCredentials(deps: Deps, setting: Setting, vault: Vault, recent: Recent): OpenCredentials {
  const exchange = openExchange(deps, vault)
  const circuit = new TokenCircuit(deps.clock)
  const stopping = new AbortController()
  const parts: RefreshParts = { deps, setting, vault, exchange, circuit, stopping: stopping.signal }
  const app = new AppCredentials(deps, vault, exchange, circuit)
  const held = new HeldGrants()
  const refreshing = new Map<string, Promise<Refreshed>>()
  const book = new RefusalBook()
  let gateway: Gateway | null = null
  const judge = openRefusalJudge({ deps, setting, book, refresh })

  return {
    held,
    exchange,

    async authorize(target, as, use) {
      if (as === 'app' && app.has(target)) return app.authorize(target, use)
      const { grantId, environment, provider } = target
      if (grantId === null)
        throw new Fault('setup.credentials', 'This needs a credential of the app itself, and none is set up.')
      const own = held.find(environment.id, grantId)
      if (own) return use(own)
      const grant = await usableGrant(target, environment.id, grantId)
      return open(provider, grant, use)
    },

    async standing({ environment, grantId }) {
      const grant = grantId === null ? null : await recent.grant(environment.id, grantId)
      return grant && isLiving(grant) ? `${grant.id} ${grant.generation}` : null
    },

    async refused(target, as, generation) {
      if (as === 'app' && generation === 0) return app.refused(target)
      const { grantId, environment } = target
      if (grantId === null) return 'stop'
      recent.forgetGrant(environment.id, grantId)
      if (!held.find(environment.id, grantId)) return judge.judge(target, grantId, generation)
      if (!held.mayTryAgain(environment.id, grantId)) return 'stop'
      await waitForReplicas(deps)
      return 'retry'
    },

    async reveal(target, use) {
      const { grantId, environment, provider } = target
      if (grantId === null || !hasToken(provider.auth))
        throw new Fault('setup.unsupported', 'This connection has no access token.')
      const grant = await usableGrant(target, environment.id, grantId)
      if (grant.access === null) throw new Fault('connection.expired')
      const binding = { row: grant.id, field: 'access', generation: grant.generation }
      return vault.open(environment.id, binding, grant.access, (secret) => use(secret.reveal(), grant))
    },

    async refresh(environmentId, grantId) {
      const grant = await deps.grants.read(environmentId, grantId)
      return grant ? refresh(grant) : { kind: 'ended', cause: 'disconnected' }
    },

    async renewDue(environmentId, grantId) {
      const grant = await deps.grants.read(environmentId, grantId)
      // Whom another process is seeing to right now needs no second one.
      if (!grant || isLeased(grant, deps.clock.now())) return
      if (grant.state === 'live') {
        const place = await findPlace(deps, setting, environmentId, grant.integrationId)
        const ownApp = app.has(place)
        const renewAt = await nextRenewal(deps, place, grant, { ownApp })
        const now = deps.clock.now()
        if (renewAt === null || renewAt > now) {
          await deps.grants.postpone(environmentId, grantId, grant, { now, refreshDueAt: renewAt })
          return
        }
      }
      const { kind } = await refresh(grant, 'scheduled')
      if (kind !== 'impossible') return
      // Whoever uses it finds out that it is over. What nobody uses is given back, and asked about again by the day, in case that was never done.
      if ((await connectionsOf(deps, grant)).length === 0) await retireLater(deps, grant)
      const after = await deps.grants.read(environmentId, grantId)
      const now = deps.clock.now()
      if (after) await deps.grants.postpone(environmentId, grantId, after, { now, refreshDueAt: now + dayMs })
    },

    async lookAgain(job) {
      if (gateway) await runSecondLook({ ...parts, gateway, held, open }, job)
    },

    useGateway(opened) {
      gateway = opened
      judge.useGateway(opened)
    },

    async stop() {
      stopping.abort()
      while (refreshing.size > 0) await Promise.allSettled(refreshing.values())
    },
  }

  /** The grant with tokens that may be sent, refreshed first where that is needed. */
  async function usableGrant(target: Target, environmentId: string, grantId: string): Promise<Grant> {
    for (let turn = 0; ; turn++) {
      const read = turn === 0 ? recent.grant : deps.grants.read
      // What is remembered is there at once; what is not is asked for together.
      const active = refuseInactive(target)
      const found = read(environmentId, grantId)
      const grant = active || found instanceof Promise ? (await Promise.all([found, active]))[0] : found
      if (!grant) throw new Fault('connection.inactive')
      if (!isLiving(grant)) return endOf(target, grant)
      const now = deps.clock.now()
      const refusedNow = book.isUnusable(grant)
      const leftMs = refusedNow ? 0 : grant.accessExpiresAt === null ? Infinity : grant.accessExpiresAt - now
      const needsToken = grant.access === null && canRefresh(target.provider.auth, grant, now)
      if (leftMs > hardMarginMs && !needsToken) {
        if (!isLeased(grant, now) && isOld(target.provider.auth, grant, now)) void refresh(grant, 'scheduled')
        return grant
      }
      // Without a way to renew it, the provider is the one to say that it is over.
      if (!canRefresh(target.provider.auth, grant, now) || turn === 2) return grant
      const outcome = await waitAtMost(deps.clock, callerPatienceMs, refresh(grant))
      if (outcome !== 'later' && outcome.kind === 'fresh') continue
      if (outcome !== 'later' && outcome.kind === 'ended') continue
      const after = deps.clock.now()
      const stillValid = !refusedNow && grant.access !== null && (grant.accessExpiresAt ?? Infinity) > after
      if (stillValid || (outcome !== 'later' && outcome.kind === 'impossible')) return grant
      if (outcome !== 'later') throw whileRenewing(outcome.fault)
      throw new Fault('connection.refreshing', undefined, { provider: target.provider.id, waitMs: 2 * second })
    }
  }

  /** Also what was disconnected a moment ago sends no token any more (I04). */
  function refuseInactive({ connection }: Target): Promise<void> | null {
    if (!connection) return null
    const found = recent.connection(connection.environmentId, connection.id)
    if (found instanceof Promise) return found.then(refuseState)
    refuseState(found)
    return null
  }

  function refuseState(connection: Pick<Connection, 'state'> | null): void {
    const { state } = connection ?? { state: 'disconnected' }
    if (state === 'disconnected' || state === 'paused') throw new Fault('connection.inactive', undefined, { state })
    if (state === 'revoked') throw new Fault('connection.revoked')
  }

  /**
   * A process may have died between ending the grant and telling its connections. One that was given back has none, unless one was made in that moment: it
   * has to be told, too.
   */
  async function endOf(target: Target, grant: Grant): Promise<never> {
    if (grant.state === 'revoked' && !(await isReachedBy(grant, target))) throw new Fault('connection.inactive')
    const cause = (grant.cause ?? 'expired') as ReauthCause
    if (target.connection && target.connection.state !== 'needs_reauth')
      await tellOver(deps, setting, target, grant, cause)
    throw new Fault(cause === 'revoked' ? 'connection.revoked' : 'connection.expired', undefined, {
      provider: target.provider.id,
      reason: cause,
    })
  }

  async function isReachedBy({ environmentId, id }: Grant, { connection }: Target): Promise<boolean> {
    const stored = connection && (await deps.connections.read(environmentId, connection.id))
    return stored?.grantId === id && stored.state !== 'disconnected'
  }

  function open<T>(provider: Provider, grant: Grant, use: (authorization: Authorization) => Promise<T>): Promise<T> {
    const { auth } = provider
    const field = hasToken(auth) ? 'access' : 'refresh'
    const sealed = grant[field]
    if (sealed === null) throw new Fault('connection.expired', undefined, { provider: provider.id })
    const binding = { row: grant.id, field, generation: grant.generation }
    return vault.open(grant.environmentId, binding, sealed, (secret) =>
      use(
        hasToken(auth)
          ? carried(auth.scheme === 'oauth2' ? auth.carry : undefined, secret.reveal(), grant.generation)
          : authorizationFromFields(auth, openedFields(secret.reveal()), grant.generation, deps.clock.now()),
      ),
    )
  }

  /** One at a time for each grant in this process; the lease keeps the other processes off. */
  function refresh(grant: Grant, lane: Lane = 'interactive'): Promise<Refreshed> {
    const key = `${grant.environmentId} ${grant.id}`
    const running = refreshing.get(key)
    if (running) return running
    const run = runRefresh(parts, grant.environmentId, grant.id, grant.generation, lane)
      .catch((error: unknown): Refreshed => {
        deps.log.error('grant.refresh_failed', { environmentId: grant.environmentId, grantId: grant.id, error })
        const fault = isFault(error) ? error : new Fault('platform.storage', undefined, { grant: grant.id }, error)
        return { kind: 'failed', fault }
      })
      .finally(() => refreshing.delete(key))
    refreshing.set(key, run)
    return run
  }
}

/** Callers wait for the new token when the old one has so little left. */
const hardMarginMs = 30 * second

const isLeased = ({ leaseUntil }: Grant, now: number) => leaseUntil !== null && leaseUntil > now
