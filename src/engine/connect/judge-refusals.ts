import { type Provider, second } from '@patchbay/kit'
import type { Grant } from '../../ports/grants.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Gateway } from '../http/gateway.ts'
import type { Target } from '../http/target.ts'
import { giveUp } from './give-up.ts'
import { canRefresh } from './plan-refresh.ts'
import { judgeAccount } from './probe-account.ts'
import type { ReauthCause } from './reasons.ts'
import type { Refreshed } from './refresh-grant.ts'
import type { RefusalBook } from './refusal-book.ts'
import { hasRunOut, RefusedAlike } from './refused-alike.ts'
import { leaseMs } from './send-token-request.ts'
import { waitAtMost } from './wait-at-most.ts'

/** Finds out what it means that a provider refused a token which should be good. Everybody who meets the same refusal shares one verdict. */
export function openRefusalJudge(parts: {
  deps: Deps
  setting: Setting
  book: RefusalBook
  refresh: (grant: Grant) => Promise<Refreshed>
}) {
  const { deps, setting, book, refresh } = parts
  const verdicts = new Map<string, Promise<'retry' | 'stop'>>()
  /** How many light calls of a grant are under way: its own, and those by which others find out whether they are refused alike. */
  const probing = new Map<string, number>()
  let gateway: Gateway | null = null
  const alike = new RefusedAlike(deps, probe)

  return {
    useGateway(opened: Gateway) {
      gateway = opened
    },

    async judge(target: Target, grantId: string, generation: number): Promise<'retry' | 'stop'> {
      // The probe's own refusal is its result, and whoever is refused meanwhile hears of it in time.
      if (probing.has(grantId)) return 'stop'
      const key = `${target.environment.id} ${grantId} ${generation}`
      const known = verdicts.get(key)
      if (known) return known
      const verdict = judgeRefusal(target, grantId, generation).finally(() => verdicts.delete(key))
      verdicts.set(key, verdict)
      return verdict
    },
  }

  /**
   * The provider refused a token that should be good (F26, F27). A fresh one is given a few seconds, since not all of the provider's machines may
   * know it yet. Otherwise it is renewed, once in a while. When that did not help, a light call finds out whether it is the account or only what
   * was asked for. A grant ends by the token endpoint's word alone, or by this call's where there is no token endpoint, and other accounts are served.
   */
  async function judgeRefusal(target: Target, grantId: string, generation: number): Promise<'retry' | 'stop'> {
    const grant = await deps.grants.read(target.environment.id, grantId)
    if (!grant || grant.state === 'dead' || grant.state === 'revoked') return 'stop'
    if (grant.generation > generation) return 'retry'
    const now = deps.clock.now()
    if (book.isSettled(grant, now)) return 'stop'
    // Who renewed it may have had a clock that is ahead of ours. By one that was set back it is from the future, and then it is anything but fresh.
    const isFresh = Math.abs(now - grant.refreshedAt) < replicationMs
    if (book.note(grant) === 1 && isFresh) {
      await waitForReplicas(deps)
      return 'retry'
    }
    if (mayRenew(target, grant, false)) return renew(grant)
    const verdict = await probe(target)
    if (verdict === 'refused' && mayRenew(target, grant, true)) return renew(grant)
    book.settle(grant, verdict, deps.clock.now())
    const isLost = verdict === 'refused' && !canRefresh(target.provider.auth, grant, deps.clock.now())
    // What has run out explains itself, however many have run out with it.
    if (isLost && (hasRunOut(grant, deps.clock.now()) || !(await alike.look(target)))) await end(target, grant)
    return 'stop'
  }

  function mayRenew({ provider }: Target, grant: Grant, proven: boolean): boolean {
    const now = deps.clock.now()
    return canRefresh(provider.auth, grant, now) && book.mayRenew(grant, now, proven)
  }

  /** While this goes on, callers wait instead of sending what was refused. */
  async function renew(grant: Grant): Promise<'retry' | 'stop'> {
    book.startRenewing(grant, deps.clock.now())
    const renewed = refresh(grant).then((outcome) => {
      if (outcome.kind === 'failed' || outcome.kind === 'impossible') book.renewingFailed(grant)
      return outcome
    })
    const outcome = await waitAtMost(deps.clock, callerPatienceMs, renewed)
    return outcome === 'later' || outcome.kind === 'fresh' ? 'retry' : 'stop'
  }

  async function probe(target: Target): Promise<'works' | 'refused' | 'unclear'> {
    const { grantId } = target
    if (!gateway || grantId === null) return 'unclear'
    probing.set(grantId, (probing.get(grantId) ?? 0) + 1)
    try {
      return await judgeAccount(deps, gateway, target)
    } finally {
      // One that ends leaves the others what they are: judged, one would wait for a verdict that waits for it, for ever.
      const left = probing.get(grantId)! - 1
      if (left > 0) probing.set(grantId, left)
      else probing.delete(grantId)
    }
  }

  /** Nothing can renew it, and the provider said twice that it does not take it. Whose renewal was on its way before it ran out is ended, or not, by its answer. */
  async function end(target: Target, grant: Grant): Promise<void> {
    const { provider } = target
    const { environmentId, id, generation } = grant
    const now = deps.clock.now()
    const leaseId = deps.random.id('lse')
    if (!(await deps.grants.lease(environmentId, id, { generation, leaseId, now, until: now + leaseMs }))) return
    const cause: ReauthCause = hasRunOut(grant, now) ? 'expired' : hasToken(provider.auth) ? 'revoked' : 'key_refused'
    await giveUp(deps, setting, target, grant, { cause, leaseId })
  }
}

/** Until most of the provider's machines know a token that was just given out. */
export function waitForReplicas(deps: Pick<Deps, 'clock' | 'random'>): Promise<void> {
  return deps.clock.sleep(2 * second + deps.random.unit() * 3 * second)
}

/** Schemes whose calls carry a token that a token endpoint gave out; the others carry what the owner typed in. */
export const hasToken = ({ scheme }: Provider['auth']) => scheme === 'oauth2' || scheme === 'client_credentials'

/** How long a caller waits for a refresh. The refresh itself has longer. */
export const callerPatienceMs = 5 * second

/** How long after it was given out a token may be unknown to some of the provider's machines. */
const replicationMs = 30 * second
