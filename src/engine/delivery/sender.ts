import { minute, second } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { DeliveryWithEvent, Endpoint, Settled } from '../../ports/deliveries.ts'
import type { Environment } from '../../ports/directory.ts'
import type { Deps } from '../deps.ts'
import { inEachEnvironment } from '../in-each-environment.ts'
import type { Vault } from '../vault/vault.ts'
import { noteHealth } from './endpoint-health.ts'
import { type Posted, postEvent } from './post-event.ts'
import { nextTryAt } from './retry-schedule.ts'
import { type KeySecrets, type Signer, signersOf } from './signing-keys.ts'

export interface SenderOptions {
  /** The longest sleep: how late an event is noticed. */
  readonly pollMs: number
  /** Endpoints that are sent to at once by this process. */
  readonly endpoints: number
  /** Events at once to one endpoint. */
  readonly perEndpoint: number
}

export interface Sender {
  /** Sends until the signal aborts; resolves when what is on its way has been answered. Throws nothing: what goes wrong is logged and tried again. */
  run(signal: AbortSignal): Promise<void>
}

export interface SenderParts {
  readonly deps: Pick<Deps, 'deliveries' | 'directory' | 'receivers' | 'clock' | 'random' | 'log'>
  readonly vault: Pick<Vault, 'open'>
}

/**
 * Hands events out to endpoints. Any number of these may work on one store: an event is given its place and its deliveries in one step, a delivery is
 * claimed by one, and what a dead one had claimed is free again two minutes later. An event is marked as taken only when the receiver has answered, so it
 * may arrive twice, with the same id, and never not at all. Endpoints do not wait for each other: each has its own claims and a bounded number of
 * connections, and one in which nothing gets through is tried with one event at a time and then left alone for a while.
 */
export function openSender(parts: SenderParts, options: Partial<SenderOptions> = {}): Sender {
  const { pollMs = second, endpoints: mostEndpoints = 100, perEndpoint = 10 } = options
  const { deps } = parts
  const { clock, deliveries, log } = deps
  const working = new Map<string, Promise<void>>()
  /** Had more that was due while it was worked on. */
  const dueAgain = new Set<string>()
  let woken = false
  let sleeping: AbortController | null = null

  return {
    async run(signal) {
      signal.addEventListener('abort', wake, { once: true })
      while (!signal.aborted) {
        woken = false
        await look(signal).catch((error: unknown) => log.error('sender.failed', { error }))
        if (!woken && !signal.aborted) await sleep()
      }
      await Promise.all(working.values())
    },
  }

  function wake(): void {
    woken = true
    sleeping?.abort('woken')
  }

  async function sleep(): Promise<void> {
    sleeping = new AbortController()
    await clock.sleep(pollMs, sleeping.signal).catch(() => {})
    sleeping = null
  }

  async function look(signal: AbortSignal): Promise<void> {
    const environments = await deps.directory.environments()
    const handOutIn = (environment: Environment) => handOut(environment, signal)
    await inEachEnvironment(deps, environments, 'sender.environment_failed', handOutIn, signal)
  }

  async function handOut(environment: Environment, signal: AbortSignal): Promise<void> {
    const before = await deliveries.look(environment.id, clock.now())
    if (before.unplaced) await placeAll(deps, environment.id, signal)
    const { due } = before.unplaced ? await deliveries.look(environment.id, clock.now()) : before
    for (const id of due) {
      const key = `${environment.id} ${id}`
      if (working.has(key)) {
        dueAgain.add(key)
        continue
      }
      // The rest comes up when one of these ends.
      if (working.size >= mostEndpoints || signal.aborted) return
      const ended = work(environment, id, signal)
        .catch((error: unknown) => {
          log.error('sender.endpoint_failed', { environmentId: environment.id, endpointId: id, error })
          return 'nothing' as const
        })
        .then((how) => {
          working.delete(key)
          // What could not be had a moment ago, such as what waits behind a front that rests, cannot be had now: two of those would keep each other awake.
          const hadMore = dueAgain.delete(key) && how !== 'nothing'
          if (hadMore || how === 'more') wake()
        })
      working.set(key, ended)
    }
  }

  /** Some passes over one endpoint. When there may be more, that waits its turn behind others. */
  async function work(environment: Environment, id: string, signal: AbortSignal): Promise<'more' | 'done' | 'nothing'> {
    let size = perEndpoint
    for (let pass = 0; pass < mostPasses; pass++) {
      if (signal.aborted) return 'done'
      const startedAt = clock.now()
      const claim = deps.random.id('clm')
      const until = startedAt + claimMs
      const limits = { limit: size, limitWhileFailing: 1 }
      const found = await deliveries.claim(environment.id, id, { claim, now: startedAt, until, ...limits })
      if (found === null || found.deliveries.length === 0) return pass === 0 ? 'nothing' : 'done'
      const { endpoint, deliveries: claimed } = found
      const { settled, posted } = await send({ environment, endpoint, until }, claimed, signal)
      await deliveries.settle(environment.id, id, claim, settled)
      await noteHealth(deps, endpoint, posted)
      if (posted.every(({ ok }) => !ok)) return 'done'
      // That was all. What became due meanwhile is seen by whoever looks.
      if (claimed.length < (endpoint.failures > 0 ? limits.limitWhileFailing : size)) return 'done'
      // As many as take a second or so: what was sent and is not yet settled would be sent again by whoever comes after a crash.
      size = clock.now() - startedAt < second ? Math.min(size * 2, mostAtOnce) : Math.max(perEndpoint, size >> 1)
    }
    return 'more'
  }

  async function send(
    to: { environment: Environment; endpoint: Endpoint; until: Instant },
    claimed: readonly DeliveryWithEvent[],
    signal: AbortSignal,
  ): Promise<{ settled: Settled[]; posted: Posted[] }> {
    const { environment, endpoint, until } = to
    const settled: Settled[] = []
    const posted: Posted[] = []
    const next = claimed.values()
    let isOver = false
    const sendSome = (signers: readonly Signer[]) => async () => {
      for (const delivery of next) {
        // Whoever has them next would send them too.
        isOver ||= signal.aborted || clock.now() > until - marginMs
        if (isOver) {
          settled.push({ eventId: delivery.eventId, state: 'waiting', nextAt: delivery.nextAt, tried: null })
          continue
        }
        const one = await postEvent(deps, environment.mode, endpoint, delivery.event, signers)
        posted.push(one)
        settled.push(settle(endpoint, delivery, one))
        // Nothing may overtake it.
        if (endpoint.ordered && !one.ok) isOver = true
      }
    }
    const width = endpoint.ordered ? 1 : perEndpoint
    await withSigners(parts.vault, endpoint, clock.now(), async (signers) => {
      await Promise.all(Array.from({ length: Math.min(width, claimed.length) }, sendSome(signers)))
    })
    return { settled, posted }
  }

  function settle({ ordered }: Endpoint, { eventId, attempts }: DeliveryWithEvent, posted: Posted): Settled {
    const { tried, waitMs } = posted
    const at = tried.at + tried.durationMs
    if (posted.ok) return { eventId, state: 'delivered', nextAt: at, tried }
    const nextAt = nextTryAt(deps, { attempts: attempts + 1, at, waitMs, ordered })
    return nextAt === null
      ? { eventId, state: 'failed', nextAt: at, tried }
      : { eventId, state: 'waiting', nextAt, tried }
  }
}

/** Gives every event that is committed its place, and makes its deliveries. Returns the last place. */
export async function placeAll(
  { deliveries, clock }: Pick<Deps, 'deliveries' | 'clock'>,
  environmentId: string,
  signal?: AbortSignal,
): Promise<number> {
  for (;;) {
    const { placed, head } = await deliveries.place(environmentId, { now: clock.now(), limit: placedAtOnce })
    if (placed < placedAtOnce || signal?.aborted) return head
  }
}

/** The keys of an endpoint, ready to sign, and open only meanwhile. */
export const withSigners = <T>(
  vault: Pick<Vault, 'open'>,
  { environmentId, id, secret, keys }: Endpoint,
  now: Instant,
  use: (signers: readonly Signer[]) => Promise<T>,
): Promise<T> =>
  vault.open(environmentId, secretOf(id), secret, (open) =>
    use(signersOf(keys, JSON.parse(open.reveal()) as KeySecrets, now)),
  )

/** Where the vault finds an endpoint's secrets. */
export const secretOf = (endpointId: string) => ({ row: endpointId, field: 'endpoint.secret', generation: 0 })

const placedAtOnce = 500
/** Of one endpoint, before others get their turn. */
const mostPasses = 20
/** Of one endpoint in one pass. */
const mostAtOnce = 200
const claimMs = 2 * minute
/** Longer than any try takes. */
const marginMs = 30 * second
