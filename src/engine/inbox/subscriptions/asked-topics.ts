import { minute, second } from '@patchbay/kit'
import type { Deps, Setting } from '../../deps.ts'
import type { AskedTopics } from '../hooks.ts'
import { nextAt } from './keep-subscriptions.ts'

/** What a platform may have confirmed when it asks back: what is wanted, and the end of what nobody wants. */
export function openAskedTopics(
  deps: Pick<Deps, 'clock' | 'subscriptions'>,
  setting: Pick<Setting, 'providers'>,
): AskedTopics {
  return {
    async isAskedFor({ environmentId, id }, topic, mode) {
      const rows = await deps.subscriptions.ofTopic(environmentId, id, topic)
      const isWanted = rows.some(({ wanted }) => wanted)
      if (mode === 'subscribe') return isWanted
      return mode === 'unsubscribe' && rows.length > 0 && !isWanted
    },

    async confirmed({ environmentId, id: integrationId, provider }, { mode, topic, leaseSeconds }) {
      const subscription = setting.providers.get(provider)?.webhooks?.subscription
      if (!subscription) return
      const now = deps.clock.now()
      for (const row of await deps.subscriptions.ofTopic(environmentId, integrationId, topic)) {
        if (mode === 'unsubscribe' && !row.wanted) await deps.subscriptions.remove(environmentId, row.id)
        if (mode !== 'subscribe' || !row.wanted) continue
        const leaseMs = leaseOf(subscription.leaseMs ?? null, leaseSeconds)
        const until = leaseMs === null ? null : now + leaseMs
        const right = { state: 'active', until, confirmedAt: now, attempts: 0, fault: null } as const
        const dueAt = nextAt(subscription, until, now)
        await deps.subscriptions.change(environmentId, row.id, { ...right, actual: row.kinds, dueAt })
      }
    },
  }
}

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
