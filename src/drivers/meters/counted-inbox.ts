import { Counter, Histogram, type Registry } from 'prom-client'
import type { Clock } from '../../ports/clock.ts'
import type { Inbox } from '../../ports/inbox.ts'

/** Messages that were claimed and have not ended, whose provider is remembered until they do. More are not at work in one process. */
const mostClaimed = 10_000

/** Counts messages that came in when they are stored, and how they ended when that is stored. */
export function countInbox(inbox: Inbox, registry: Registry, clock: Pick<Clock, 'now'>): Inbox {
  const registers = [registry]
  const received = new Counter({
    name: 'patchbay_messages_received_total',
    help: 'Messages of platforms that were acknowledged: stored, or a duplicate of one that was',
    labelNames: ['provider', 'outcome'],
    registers,
  })
  const acknowledged = new Histogram({
    name: 'patchbay_message_ack_seconds',
    help: 'From when a message came in until it was durable, and could be acknowledged',
    labelNames: ['provider'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10],
    registers,
  })
  const ended = new Counter({
    name: 'patchbay_messages_total',
    help: 'Messages that were worked on, by how that ended: processed, unmatched, failed, or received where it is tried again',
    labelNames: ['provider', 'state'],
    registers,
  })
  const providers = new Map<string, string>()

  return {
    ...inbox,
    async store(messages) {
      const outcomes = await inbox.store(messages)
      const now = clock.now()
      for (const [provider, group] of Map.groupBy(messages.keys(), (n) => messages[n]!.provider)) {
        for (const outcome of ['stored', 'duplicate'] as const) {
          const count = group.filter((n) => outcomes[n] === outcome).length
          if (count > 0) received.inc({ provider, outcome }, count)
        }
        const took = acknowledged.labels({ provider })
        for (const n of group) took.observe(Math.max(0, now - messages[n]!.receivedAt) / 1000)
      }
      return outcomes
    },
    async claim(environmentId, options) {
      const claimed = await inbox.claim(environmentId, options)
      for (const { id, provider } of claimed) providers.set(id, provider)
      // The oldest were given up long ago: a claim runs out.
      for (const id of providers.keys()) {
        if (providers.size <= mostClaimed) break
        providers.delete(id)
      }
      return claimed
    },
    async finish(environmentId, claim, outcomes) {
      const own = await inbox.finish(environmentId, claim, outcomes)
      for (const { id, state } of outcomes) {
        const provider = providers.get(id)
        providers.delete(id)
        // Where some had been taken over it does not say which: whoever has those counts them, and nobody the others of this turn.
        if (provider !== undefined && own === outcomes.length) ended.inc({ provider, state })
      }
      return own
    },
  }
}
