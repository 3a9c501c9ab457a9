import { Gauge, type Registry } from 'prom-client'
import type { Engine } from '../engine/engine.ts'
import type { Endpoint } from '../ports/deliveries.ts'

/** Counting goes no further: that there are so many says enough, and is not paid for with each look. */
const mostCounted = 100_000

/**
 * What of messages that came in and events that go out waits in an environment, whichever process is asked. `look` reads it and gives what notes it;
 * `reset` forgets what was noted, so that there is no old number where there is no new one.
 */
export function openBacklogGauges({ deps }: Pick<Engine, 'deps'>, registry: Registry) {
  const gauge = (name: string, help: string, ...labels: string[]) =>
    new Gauge({ name, help, labelNames: ['environment', ...labels], registers: [registry] })
  const messages = gauge(
    'patchbay_messages_waiting',
    `Messages of platforms that are stored and not yet worked through, counted up to ${mostCounted}`,
  )
  const oldest = gauge(
    'patchbay_messages_oldest_seconds',
    'How long ago the oldest message that waits came in, of those that are counted',
  )
  const waiting = gauge(
    'patchbay_deliveries_waiting',
    `Events that wait for an endpoint that is on, counted up to ${mostCounted}`,
  )
  const lag = gauge(
    'patchbay_deliveries_lag_seconds',
    'How long the most overdue delivery has been due, of endpoints that are not left alone because they fail',
  )
  const endpoints = gauge(
    'patchbay_endpoints',
    'Endpoints by state: working, failing, off (somebody switched it off), disabled (it was gone, or failed for days)',
    'state',
  )

  return { look, reset: () => [messages, oldest, waiting, lag, endpoints].forEach((each) => void each.reset()) }

  async function look(environment: string): Promise<() => void> {
    const now = deps.clock.now()
    const [received, due, all] = await Promise.all([
      deps.inbox.waiting(environment, { limit: mostCounted }),
      deps.deliveries.waiting(environment, { now, limit: mostCounted }),
      deps.deliveries.endpoints(environment),
    ])
    const secondsSince = (at: number | null) => (at === null ? 0 : Math.max(0, (now - at) / 1000))
    const counts = new Map(endpointStates.map((state) => [state, 0]))
    for (const endpoint of all) counts.set(stateOf(endpoint), counts.get(stateOf(endpoint))! + 1)
    return () => {
      messages.set({ environment }, received.count)
      oldest.set({ environment }, secondsSince(received.since))
      waiting.set({ environment }, due.count)
      lag.set({ environment }, secondsSince(due.since))
      for (const [state, count] of counts) endpoints.set({ environment, state }, count)
    }
  }
}

const endpointStates = ['working', 'failing', 'off', 'disabled'] as const

function stateOf({ disabled, failingSince }: Endpoint): (typeof endpointStates)[number] {
  if (disabled !== null) return disabled.reason === 'off' ? 'off' : 'disabled'
  return failingSince === null ? 'working' : 'failing'
}
