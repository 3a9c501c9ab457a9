import { Fault, isFault, minute, type Quota, second } from '@patchbay/kit'
import { QuotaMeter } from '../../sandbox/quota-meter.ts'
import { SimulatedClock } from '../../src/drivers/clock/simulated.ts'
import { openLeasedLimiter } from '../../src/drivers/limiter/leased.ts'
import { openMemoryLimiter } from '../../src/drivers/limiter/memory.ts'
import { openCapturedLog } from '../../src/drivers/log/captured.ts'
import { SeededRandom } from '../../src/drivers/random/seeded.ts'
import { compose, type Intent, openIntent, type Step } from '../../src/engine/http/intent.ts'
import { pace } from '../../src/engine/http/pace.ts'
import type { Target } from '../../src/engine/http/target.ts'
import { testProvider, testTarget } from '../../src/engine/http/test-provider.ts'
import type { Connection } from '../../src/ports/connections.ts'
import type { Limiter } from '../../src/ports/limiter.ts'
import { MostInWindow } from './most-in-window.ts'

export interface CallsOptions {
  /** Calls that arrive. */
  readonly calls: number
  readonly processes: number
  readonly seed: string
  /** Callers of each process, who always want something. */
  readonly callers?: number
  /** A process dies and another takes its place, about so often. */
  readonly deathEveryMs?: number
  /** Hears now and then how far it is. */
  readonly tell?: (progress: { readonly calls: number; readonly violations: number }) => void
}

export interface CallsPlayed {
  readonly calls: number
  /** What the platform would have refused: none. */
  readonly violations: readonly string[]
  /** The most that a window held, as the platform counts it, beside its limit. */
  readonly peaks: readonly { readonly quota: string; readonly most: number; readonly limit: number }[]
  readonly simulatedMs: number
  readonly deaths: number
  readonly lost: number
  readonly neverSent: number
  /** Times that somebody had to wait for a day, a month or longer than it had patience. */
  readonly turnedAway: number
}

const pacific = 'America/Los_Angeles'
const source = 'made up'
/** Wide ones, of which processes lease blocks, and narrow ones, which are exact; by the clock, by the calendar, and by how many run at once. */
const quotas: readonly Quota[] = [
  { id: 'app', per: 'app', limit: 3000, window: { rollingMs: 60 * second }, source },
  { id: 'burst', per: 'app', limit: 140, window: { rollingMs: second }, source },
  { id: 'account', per: 'account', limit: 18, window: { rollingMs: 20 * second }, source },
  { id: 'day', per: 'app', limit: 250_000, window: { day: pacific }, source },
  { id: 'atOnce', per: 'app', limit: 250, window: { concurrent: true }, source },
]
const usual = { app: 1, burst: 1, account: 1, day: 1, atOnce: 1 }
const costs = [
  { call: 'GET api.acme.example/v1/dear', takes: { ...usual, app: 5, day: 5 } },
  { call: 'GET api.acme.example/v1', takes: usual },
]
const accounts = 60
const hotAccounts = 4

/** The evening of the day that has 25 hours. */
const startAt = Date.parse('2026-11-02T05:30:00Z')

/**
 * Processes that share quotas call one platform as fast as these let them, through the pacing of the engine. Requests arrive late and out of order, answers
 * later or never, some are never sent, and processes die with all that they hold. The platform counts at arrival, to the millisecond of its own clock: it
 * must never have a reason to refuse.
 */
export async function playCalls({
  calls,
  processes,
  seed,
  callers = 40,
  deathEveryMs = 10 * minute,
  tell = () => {},
}: CallsOptions): Promise<CallsPlayed> {
  const clock = new SimulatedClock(startAt)
  const random = new SeededRandom(seed, clock)
  const shared = openMemoryLimiter()
  const meter = new QuotaMeter(quotas, costs)
  const provider = testProvider({ quotas, costs })
  const base = testTarget(provider)
  const targets = Array.from({ length: accounts }, (_, index): Target => {
    const account = { id: `UC${index}`, name: 'A', kind: 'channel' as const }
    const lane = index % 3 === 0 ? 'interactive' : 'scheduled'
    const connection = { account } as Connection
    return {
      ...base,
      grantId: `grt_${index}`,
      connection,
      lane,
      spares: lane === 'scheduled' && index % 10 === 1 ? 'a_while' : null,
    }
  })
  const peaks = new Map(
    quotas.flatMap(({ id, window }) =>
      'rollingMs' in window && id !== 'account' ? [[id, new MostInWindow(window.rollingMs)]] : [],
    ),
  )
  const violations: string[] = []
  const counts = { arrived: 0, deaths: 0, lost: 0, neverSent: 0, turnedAway: 0 }
  const running = new Set<Process>()

  await clock.run(
    async () => {
      for (let n = 0; n < processes; n++) startProcess()
      while (counts.arrived < calls) {
        await clock.sleep(deathEveryMs * (0.5 + random.unit()))
        if (counts.arrived >= calls) break
        const [victim] = running
        victim!.dies()
        counts.deaths++
        startProcess()
      }
      for (const process of running) process.dies()
    },
    { limitMs: 400 * 86_400_000 },
  )
  return {
    ...{ calls: counts.arrived, violations, deaths: counts.deaths, lost: counts.lost, neverSent: counts.neverSent },
    ...{ turnedAway: counts.turnedAway, simulatedMs: clock.now() - startAt },
    peaks: quotas.flatMap(({ id, limit }) => (peaks.has(id) ? [{ quota: id, limit, most: peaks.get(id)!.most }] : [])),
  }

  interface Process {
    readonly dies: () => void
  }

  function startProcess(): void {
    let alive = true
    const process: Process = {
      dies: () => {
        alive = false
        running.delete(process)
      },
    }
    running.add(process)
    const limiter = openLeasedLimiter(
      reachable(shared, () => alive),
      { clock, log: openCapturedLog() },
    )
    const send = compose(pace({ clock, random, limiter, log: openCapturedLog() }))(platform(() => alive))
    for (let n = 0; n < callers; n++) void call(send, () => alive)
  }

  /** Asks again and again, as long as its process lives. */
  async function call(send: Step, isAlive: () => boolean): Promise<void> {
    while (isAlive() && counts.arrived < calls) {
      // Some accounts are asked for far more often than they may be, by callers who do not wait for them.
      const isHot = random.unit() < 0.2
      const target = targets[Math.floor(random.unit() * (isHot ? hotAccounts : accounts))]!
      const path = random.unit() < 0.1 ? '/dear' : '/me'
      const intent = openIntent(
        { ...target, patienceMs: isHot ? second : 60_000 },
        { path },
        { now: clock.now(), signal: undefined },
      )
      try {
        await send(intent)
      } catch (error) {
        if (!isFault(error)) throw error
        if (error.code !== 'provider.throttled') continue
        counts.turnedAway++
        if (error.detail.quota === 'account') continue
        await clock.sleep(Math.min(error.detail.waitMs ?? second, 600_000) * (0.5 + random.unit()))
      }
    }
  }

  /** The other side, with the way there and back. */
  function platform(isAlive: () => boolean): Step {
    return async (intent) => {
      if (random.unit() < 0.01) {
        counts.neverSent++
        await clock.sleep(random.unit() * 500)
        throw new Fault('provider.unreachable')
      }
      intent.tally.sentNow = true
      await clock.sleep(late())
      const release = arrive(intent)
      await clock.sleep(late())
      release()
      await clock.sleep(late())
      // Who has died hears nothing, and settles nothing.
      if (!isAlive()) return never
      if (random.unit() < 0.01) {
        counts.lost++
        await clock.sleep(random.unit() * 20_000)
        throw new Fault('provider.unreachable')
      }
      intent.tally.answer = { status: 200, headers: {}, body: null, at: clock.now() }
      return { ...intent.tally.answer, bytes: new Uint8Array() }
    }
  }

  /** Most of a network is quick; a little of it takes as long as a call may. */
  function late(): number {
    const unit = random.unit()
    if (unit < 0.9) return random.unit() * 400
    return unit < 0.998 ? random.unit() * 4000 : random.unit() * 30_000
  }

  function arrive({ method, url, target }: Intent): () => void {
    if (++counts.arrived % 1000 === 0) tell({ calls: counts.arrived, violations: violations.length })
    const now = clock.now()
    const by = { app: 'app', user: target.grantId, account: target.connection!.account.id, settings: {} }
    const takes = meter.takes({ method, place: url.host + url.pathname }, by)
    for (const { quota, amount } of takes) peaks.get(quota.id)?.add(now, amount)
    const admission = meter.admit(takes, now)
    if (admission.admitted) return admission.release
    violations.push(`${new Date(now).toISOString()} ${admission.bucket} has no room for ${admission.waitMs} ms`)
    return () => {}
  }

  /** The store of quotas is a way off, and the dead do not reach it. What they asked for last may still be done. */
  function reachable(limiter: Limiter, isAlive: () => boolean): Limiter {
    const far = async <T>(work: () => Promise<T>): Promise<T> => {
      if (!isAlive()) return never
      await clock.sleep(random.unit() * 6)
      const done = await work()
      await clock.sleep(random.unit() * 6)
      return isAlive() ? done : never
    }
    return {
      take: (draws, options) => far(() => limiter.take(draws, options)),
      settle: (ticket, ended) => far(() => limiter.settle(ticket, ended)),
      park: (bucket, until) => far(() => limiter.park(bucket, until)),
      stops: (now) => far(() => limiter.stops(now)),
      learn: (draw, used, now) => far(() => limiter.learn(draw, used, now)),
      usage: (prefix, now) => far(() => limiter.usage(prefix, now)),
    }
  }
}

const never = new Promise<never>(() => {})
