import { minute, second } from '@patchbay/kit'
import type { Subscription } from '../../../ports/subscriptions.ts'
import type { Deps, Setting } from '../../deps.ts'
import type { AskedTopics } from '../hooks.ts'
import { nextAt } from './keep-subscriptions.ts'

/**
 * What a platform may have confirmed when it asks back: what it is being asked for, and the end of what nobody wants. Nobody signs such a question, and
 * whoever knows the address can ask it, or have the hub ask it on behalf of a subscription with a secret of their own. So what is wanted and holds is
 * confirmed to nobody (https://www.w3.org/TR/websub/#hub-verifies-intent: only what is pending): a lease cannot be drawn out by strangers until the
 * real one has run out unseen.
 */
export function openAskedTopics(
  deps: Pick<Deps, 'clock' | 'subscriptions'>,
  setting: Pick<Setting, 'providers'>,
): AskedTopics {
  return {
    async isAskedFor({ environmentId, id }, topic, mode) {
      const rows = await deps.subscriptions.ofTopic(environmentId, id, topic)
      const isWanted = rows.some(({ wanted }) => wanted)
      const now = deps.clock.now()
      if (mode === 'subscribe')
        return rows.some((row) => row.wanted && (isPending(row) || now - (row.confirmedAt ?? 0) <= askedTwiceMs))
      return mode === 'unsubscribe' && rows.length > 0 && !isWanted
    },

    async confirmed({ environmentId, id: integrationId, provider }, { mode, topic, leaseSeconds }) {
      const subscription = (await setting.providers.in(environmentId)).get(provider)?.webhooks?.subscription
      if (!subscription) return
      const now = deps.clock.now()
      for (const row of await deps.subscriptions.ofTopic(environmentId, integrationId, topic)) {
        if (mode === 'unsubscribe' && !row.wanted) await deps.subscriptions.remove(environmentId, row.id)
        if (mode !== 'subscribe' || !row.wanted || !isPending(row)) continue
        const leaseMs = leaseOf(subscription.leaseMs ?? null, leaseSeconds)
        const until = leaseMs === null ? null : now + leaseMs
        const right = { state: 'active', until, confirmedAt: now, attempts: 0, fault: null } as const
        const dueAt = nextAt(subscription, until, now)
        await deps.subscriptions.change(environmentId, row.id, { ...right, actual: row.kinds, dueAt })
      }
    },
  }
}

const isPending = ({ state, askedAt, confirmedAt }: Subscription): boolean =>
  state === 'asked' || (askedAt !== null && (confirmedAt === null || askedAt > confirmedAt))

/** A hub whose answer was lost asks once more, and has to hear the same. That changes nothing here. */
const askedTwiceMs = 10 * minute

/**
 * A shorter lease than was asked for counts, a longer one does not: anybody can ask such a question, and must not have us wait beyond the end of
 * the real one; nor ask again all the time.
 */
function leaseOf(askedMs: number | null, saidSeconds: number | null): number | null {
  if (saidSeconds === null) return askedMs
  const saidMs = Math.max(saidSeconds * second, shortestMs)
  return askedMs === null ? saidMs : Math.min(saidMs, askedMs)
}

const shortestMs = 10 * minute
