import { Counter, Histogram, type Registry } from 'prom-client'
import type { Deliveries, Settled } from '../../ports/deliveries.ts'

/** Counts tries of deliveries when what became of them is stored. */
export function countDeliveries(deliveries: Deliveries, registry: Registry): Deliveries {
  const registers = [registry]
  const tries = new Counter({
    name: 'patchbay_deliveries_total',
    help: 'Events sent to endpoints, by what came of it: delivered, retried (not taken, and tried again later), given_up',
    labelNames: ['outcome'],
    registers,
  })
  const took = new Histogram({
    name: 'patchbay_delivery_seconds',
    help: 'How long receivers took to answer, or not to',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    registers,
  })
  return {
    ...deliveries,
    async settle(environmentId, endpointId, claim, settled) {
      await deliveries.settle(environmentId, endpointId, claim, settled)
      for (const { state, tried } of settled) {
        if (tried === null) continue
        tries.inc({ outcome: outcomes[state] })
        took.observe(tried.durationMs / 1000)
      }
    },
  }
}

const outcomes = { delivered: 'delivered', waiting: 'retried', failed: 'given_up' } satisfies Record<
  Settled['state'],
  string
>
