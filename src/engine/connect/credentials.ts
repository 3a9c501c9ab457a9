import { Fault, isFault, type Provider, second } from '@patchbay/kit'
import type { Grant } from '../../ports/grants.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Gateway } from '../http/gateway.ts'
import type { Authorization, Credentials, Target } from '../http/target.ts'
import type { Vault } from '../vault/vault.ts'
import { AppCredentials } from './app-credentials.ts'
import { authorizationFromFields, carried, openedFields } from './authorization.ts'
import { markNeedsReauth } from './connection-states.ts'
import { type Exchange, openExchange } from './exchange.ts'
import { HeldGrants } from './held-grants.ts'
import { canRefresh } from './plan-refresh.ts'
import { judgeAccount } from './probe-account.ts'
import type { ReauthCause } from './reasons.ts'
import { type Refreshed, type RefreshParts, runRefresh } from './refresh-grant.ts'
import { RefusalBook } from './refusal-book.ts'
import { TokenCircuit } from './token-circuit.ts'
import { waitAtMost } from './wait-at-most.ts'

/** The engine's credentials, and what the rest of `connect` needs of them. */
export interface OpenCredentials extends Credentials {
  /** Renews the tokens of the grant's current generation, once for all who ask at the same time. Does not throw because of the provider. */
  refresh(environmentId: string, grantId: string): Promise<Refreshed>
  /** The access token itself, fresh, while `use` runs. Whoever calls this writes it into the audit first. */
  reveal<T>(target: Target, use: (accessToken: string, grant: Grant) => T | Promise<T>): Promise<T>
  /** Tokens of a consent that is not stored yet, for as long as its accounts are found out. */
  readonly held: HeldGrants
  readonly exchange: Exchange
  /** Probing an account after a second refusal is a call like any other, so it goes through the gateway, which is made after this. */
  useGateway(gateway: Gateway): void
  /** Waits until no refresh is under way: a token request is never abandoned on purpose. */
  stop(): Promise<void>
}

/**
 * Where calls get their right from. A token that is still valid is always used, also while the token endpoint is down. From 30 s before its end
 * callers wait for the new one, five seconds at most; the refresh itself goes on without them.
 */
export function openCredentials(
  deps: Deps,
  setting: Setting,
  vault: Vault,
  options: { needsReauth?: RefreshParts['needsReauth'] } = {},
): OpenCredentials {
  const exchange = openExchange(deps, vault)
  const circuit = new TokenCircuit(deps.clock)
  const parts: RefreshParts = { deps, setting, vault, exchange, circuit, needsReauth: options.needsReauth }
  const app = new AppCredentials(deps, vault, exchange, circuit)
  const held = new HeldGrants()
  const refreshing = new Map<string, Promise<Refreshed>>()
  const refusals = new Map<string, Promise<'retry' | 'stop'>>()
  const book = new RefusalBook()
  const probing = new Set<string>()
  let gateway: Gateway | null = null

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

    async refused(target, as, generation) {
      if (as === 'app' && generation === 0) return app.refused(target)
      const { grantId, environment } = target
      if (grantId === null) return 'stop'
      if (held.find(environment.id, grantId)) {
        if (!held.mayTryAgain(environment.id, grantId)) return 'stop'
        await waitForReplicas()
        return 'retry'
      }
      // The probe's own refusal is its result, and whoever is refused meanwhile hears of it in time.
      if (probing.has(grantId)) return 'stop'
      const key = `${environment.id} ${grantId} ${generation}`
      const known = refusals.get(key)
      if (known) return known
      const verdict = judgeRefusal(target, grantId, generation).finally(() => refusals.delete(key))
      refusals.set(key, verdict)
      return verdict
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

    useGateway(opened) {
      gateway = opened
    },

    async stop() {
      while (refreshing.size > 0) await Promise.allSettled(refreshing.values())
    },
  }

  /** The grant with tokens that may be sent, refreshed first where that is needed. */
  async function usableGrant(target: Target, environmentId: string, grantId: string): Promise<Grant> {
    for (let turn = 0; ; turn++) {
      const [grant] = await Promise.all([deps.grants.read(environmentId, grantId), refuseInactive(target)])
      if (!grant || grant.state === 'revoked') throw new Fault('connection.inactive')
      if (grant.state === 'dead') return endOf(target, grant)
      const now = deps.clock.now()
      const refusedNow = book.isUnusable(grant)
      const leftMs = refusedNow ? 0 : grant.accessExpiresAt === null ? Infinity : grant.accessExpiresAt - now
      const needsToken = grant.access === null && canRefresh(target.provider.auth, grant, now)
      if (leftMs > hardMarginMs && !needsToken) {
        if (grant.refreshDueAt !== null && grant.refreshDueAt <= now && !isLeased(grant, now)) void refresh(grant)
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
      if (outcome !== 'later') throw outcome.fault
      throw new Fault('connection.refreshing', undefined, { provider: target.provider.id, waitMs: 2 * second })
    }
  }

  /** Also what was disconnected a moment ago sends no token any more (I04). */
  async function refuseInactive({ connection }: Target): Promise<void> {
    if (!connection) return
    const { state } = (await deps.connections.read(connection.environmentId, connection.id)) ?? {
      state: 'disconnected',
    }
    if (state === 'disconnected' || state === 'paused') throw new Fault('connection.inactive', undefined, { state })
    if (state === 'revoked') throw new Fault('connection.revoked')
  }

  /** A process may have died between ending the grant and telling its connections. */
  async function endOf(target: Target, grant: Grant): Promise<never> {
    if (target.connection && target.connection.state !== 'needs_reauth')
      await markNeedsReauth(deps, target.provider, grant, grant.cause as ReauthCause, options.needsReauth)
    throw new Fault(grant.cause === 'revoked' ? 'connection.revoked' : 'connection.expired', undefined, {
      provider: target.provider.id,
      reason: grant.cause ?? undefined,
    })
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
  function refresh(grant: Grant): Promise<Refreshed> {
    const key = `${grant.environmentId} ${grant.id}`
    const running = refreshing.get(key)
    if (running) return running
    const run = runRefresh(parts, grant.environmentId, grant.id, grant.generation)
      .catch((error: unknown): Refreshed => {
        deps.log.error('grant.refresh_failed', { environmentId: grant.environmentId, grantId: grant.id, error })
        const fault = isFault(error) ? error : new Fault('platform.storage', undefined, { grant: grant.id }, error)
        return { kind: 'failed', fault }
      })
      .finally(() => refreshing.delete(key))
    refreshing.set(key, run)
    return run
  }

  /**
   * The provider refused a token that should be good (F26, F27). A fresh one is given a few seconds, since not all of the provider's machines may
   * know it yet. Otherwise it is renewed, once. When the new one is refused as well, a light call finds out whether it is the account or only
   * what was asked for. A grant ends by the token endpoint's word alone, or by this call's where there is no token endpoint.
   */
  async function judgeRefusal(target: Target, grantId: string, generation: number): Promise<'retry' | 'stop'> {
    const grant = await deps.grants.read(target.environment.id, grantId)
    if (!grant || grant.state === 'dead' || grant.state === 'revoked') return 'stop'
    if (grant.generation > generation) return 'retry'
    const now = deps.clock.now()
    if (book.isSettled(grant, now)) return 'stop'
    const isFresh = now - grant.refreshedAt < replicationMs
    if (book.note(grant) === 1 && isFresh) {
      await waitForReplicas()
      return 'retry'
    }
    if (canRefresh(target.provider.auth, grant, now) && book.mayRenew(grant, now)) {
      book.startRenewing(grant, now)
      const outcome = await waitAtMost(deps.clock, callerPatienceMs, renew(grant))
      if (outcome === 'later' || outcome.kind === 'fresh') return 'retry'
      if (outcome.kind !== 'impossible') return 'stop'
    }
    return probe(target, grant)
  }

  /** While this goes on, callers wait instead of sending what was refused. */
  async function renew(grant: Grant): Promise<Refreshed> {
    const outcome = await refresh(grant)
    if (outcome.kind === 'failed' || outcome.kind === 'impossible') book.renewingFailed(grant)
    return outcome
  }

  async function probe(target: Target, grant: Grant): Promise<'stop'> {
    if (!gateway || probing.has(grant.id)) return 'stop'
    probing.add(grant.id)
    try {
      const verdict = await judgeAccount(deps, gateway, target)
      book.settle(grant, verdict, deps.clock.now())
      if (verdict === 'refused' && !canRefresh(target.provider.auth, grant, deps.clock.now())) await end(target, grant)
      return 'stop'
    } finally {
      probing.delete(grant.id)
    }
  }

  /** Nothing can renew it, and the provider said twice that it does not take it. */
  async function end({ provider }: Target, grant: Grant): Promise<void> {
    const now = deps.clock.now()
    const over = grant.accessExpiresAt !== null && grant.accessExpiresAt <= now
    const cause: ReauthCause = over ? 'expired' : hasToken(provider.auth) ? 'revoked' : 'key_refused'
    const { environmentId, id, generation } = grant
    const leaseId = deps.random.id('lse')
    const outcome = { leaseId, state: 'dead', cause, refreshDueAt: null } as const
    const along = { at: now, actor: `provider:${provider.id}` } as const
    if (await deps.grants.release(environmentId, id, generation, outcome, along))
      await markNeedsReauth(deps, provider, grant, cause, options.needsReauth)
  }

  function waitForReplicas(): Promise<void> {
    return deps.clock.sleep(2 * second + deps.random.unit() * 3 * second)
  }
}

/** Callers wait for the new token when the old one has so little left. */
const hardMarginMs = 30 * second
/** How long a caller waits. The refresh has longer. */
const callerPatienceMs = 5 * second
/** How long after it was given out a token may be unknown to some of the provider's machines. */
const replicationMs = 30 * second

const isLeased = ({ leaseUntil }: Grant, now: number) => leaseUntil !== null && leaseUntil > now

/** Schemes whose calls carry a token that a token endpoint gave out; the others carry what the owner typed in. */
const hasToken = ({ scheme }: Provider['auth']) => scheme === 'oauth2' || scheme === 'client_credentials'
