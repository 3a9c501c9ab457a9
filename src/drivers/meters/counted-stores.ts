import { Counter, Histogram, type Registry } from 'prom-client'
import type { Clock } from '../../ports/clock.ts'
import type { Deliveries } from '../../ports/deliveries.ts'
import type { History } from '../../ports/history.ts'
import type { Inbox } from '../../ports/inbox.ts'
import type { Journal } from '../../ports/journal.ts'
import { countDeliveries } from './counted-deliveries.ts'
import { countInbox } from './counted-inbox.ts'

interface Counted {
  readonly journal: Journal
  readonly history: History
  readonly inbox: Inbox
  readonly deliveries: Deliveries
}

/**
 * Counts for Prometheus what this process writes down: calls, runs, requests, messages and deliveries. They are counted when they are kept, so that the two
 * agree; what could not be kept is in the log. Names as Prometheus wants them (https://prometheus.io/docs/practices/naming/).
 */
export function countStores(
  { journal, history, inbox, deliveries }: Counted,
  registry: Registry,
  clock: Pick<Clock, 'now'>,
): Counted {
  const registers = [registry]
  const calls = new Counter({
    name: 'patchbay_calls_total',
    help: 'Calls to providers with all their attempts, by how they ended: ok, or the code of the fault',
    labelNames: ['provider', 'lane', 'outcome'],
    registers,
  })
  const took = new Histogram({
    name: 'patchbay_call_seconds',
    help: 'How long calls to providers took, without what they waited for quota',
    labelNames: ['provider'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  })
  const waited = new Histogram({
    name: 'patchbay_call_wait_seconds',
    help: 'How long calls to providers waited for quota',
    labelNames: ['lane'],
    buckets: [0.01, 0.1, 1, 10, 60],
    registers,
  })
  const runs = new Counter({
    name: 'patchbay_runs_total',
    help: 'Executions of streams that ended, by how',
    labelNames: ['provider', 'stream', 'trigger', 'state'],
    registers,
  })
  const rows = new Counter({
    name: 'patchbay_rows_total',
    help: 'What runs brought: inserted, restated, unchanged, items, refused',
    labelNames: ['provider', 'kind'],
    registers,
  })
  const requests = new Counter({
    name: 'patchbay_requests_total',
    help: 'Requests to the API by how they ended: ok, refused (4xx), upstream (a provider did not do it), failed (5xx), left',
    labelNames: ['operation', 'ending'],
    registers,
  })

  return {
    inbox: countInbox(inbox, registry, clock),
    deliveries: countDeliveries(deliveries, registry),
    journal: {
      ...journal,
      async calls(environmentId, records) {
        await journal.calls(environmentId, records)
        for (const { provider, lane, fault, durationMs, waitedMs } of records) {
          calls.inc({ provider, lane, outcome: fault ?? 'ok' })
          took.observe({ provider }, Math.max(0, durationMs - waitedMs) / 1000)
          waited.observe({ lane }, waitedMs / 1000)
        }
      },
      async run(run) {
        await journal.run(run)
        if (run.endedAt === null) return
        const { provider, stream, trigger, state } = run
        runs.inc({ provider, stream, trigger, state })
        for (const kind of ['inserted', 'restated', 'unchanged', 'items', 'refused'] as const)
          if (run[kind] > 0) rows.inc({ provider, kind }, run[kind])
      },
    },
    history: {
      ...history,
      async countRequests(counts) {
        await history.countRequests(counts)
        for (const { operation, ok, refused, failed, upstream, left } of counts)
          for (const [ending, count] of Object.entries({ ok, refused, failed: failed - upstream, upstream, left }))
            if (count > 0) requests.inc({ operation, ending }, count)
      },
    },
  }
}
