import { dayMs, dayOf, hour, isFault, minute, type Provider, second } from '@patchbay/kit'
import { DatabaseError } from '../../src/drivers/database/database-error.ts'
import { targetOf } from '../../src/engine/catalog/target-of.ts'
import { tuneful } from '../../src/engine/connect/test-world.ts'
import type { Lane } from '../../src/ports/schedule.ts'
import { QuotaWatch } from '../checks/quota-watch.ts'
import type { Owned } from '../compare-truth.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { SimulatedWorld } from '../kernel/simulated-world.ts'
import { drawSwarm, type Swarm, slower } from '../kernel/swarm.ts'
import type { Story } from './story.ts'
import { startTimedFaults } from './timed-faults.ts'

const zone = 'America/Los_Angeles'
/** The evenings before days of 23 hours, of 25, and of 24: four of five nights have a change of clocks, and each run sees the day after it begin. */
const evenings = [
  '2026-03-08T00:00:00Z',
  '2026-11-01T00:00:00Z',
  '2026-11-19T20:00:00Z',
  '2026-11-01T00:00:00Z',
  '2026-03-08T00:00:00Z',
] as const
const shortDay = '2026-03-08'
const longDay = '2026-11-01'

/**
 * One app with a limit of a few calls a minute and a daily one for each account, on a night in which the clocks may change. Somebody floods it, others ask
 * now and then and wait in front of a screen. The provider counts at arrival; we count from when an answer came.
 */
export const quotaStory: Story = {
  name: 'quota',
  summary: 'no limit is exceeded and no wait ignored, and who asks little gets through',
  startAt: (seed) => Date.parse(evenings[hashOf(seed) % evenings.length]!),

  async play(kernel) {
    const swarm = calmer(drawSwarm(kernel.chance))
    const provider = limited(kernel)
    const world = await SimulatedWorld.open(kernel, swarm, {
      ...{ providers: [provider], artists: 3, since: '2026-03-01', ledgerSize: 2000 },
      ...{ pollMs: 10 * minute, cronMs: 10 * minute },
      watches: ({ sandbox }) => [new QuotaWatch(kernel, sandbox, spreadOf(swarm))],
    })
    await world.connectEverybody([provider])
    // The look at each account while it was connected: whose it was nobody knew yet, so we counted it for the grant and the provider for the account.
    world.base.sandbox.quotas.change(provider.id, 'daily', dailyLimit + 1)
    await world.startProcesses()
    const endAt = startWeather(world, kernel.now() + 34 * hour)
    startTimedFaults(world, endAt)
    const spent = new Spending(kernel)
    const [flooding, ...quiet] = world.owned
    const callers = [
      ...[1, 2, 3].map((nth) => keepFlooding(world, spent, flooding!, nth, endAt)),
      ...quiet.map((owned) => keepAsking(world, spent, owned, endAt)),
    ]
    await Promise.all(callers)
    if (kernel.isBroken) return
    world.calm()
    await kernel.sleep(world.stalledMs + hour, 0.5)
    await checkFairness(world, spent, flooding!, quiet)
    await checkEnded(world)
  },
}

const dailyLimit = 60

/** Small numbers, so that a run meets each of them many times with few calls. */
function limited({ chance }: Kernel): Provider {
  const base = tuneful({
    auth: { refresh: { model: 'keeps' } },
    emulator: { oauth: { accessLifetimeSeconds: 7200 } },
  })
  const perMinute = 6 + Math.floor(chance.unit('limit') * 14)
  return {
    ...base,
    streams: {},
    api: {
      ...base.api,
      quotas: [
        { id: 'general', per: 'app', limit: perMinute, window: { rollingMs: 30_000 }, source: 'made up' },
        { id: 'daily', per: 'account', limit: dailyLimit, window: { day: zone }, source: 'made up' },
      ],
    },
  }
}

/** Over a night the same rates would be a siege. Owners stay, since this is about their calls. */
function calmer(swarm: Swarm): Swarm {
  const never = {
    ownerRevokes: null,
    disconnect: null,
    clockBack: null,
    resume: null,
    tokenOutage: null,
    appRefused: null,
  }
  const network = { ...swarm.network, onTokens: 0, falseRefusal: 0, stop: 0, disconnect: 0 }
  return { ...swarm, network, times: { ...slower(swarm.times, 10), ...never } }
}

/** How far the clocks of two processes are apart. */
const spreadOf = ({ skewMs }: Swarm) => Math.max(0, ...skewMs) - Math.min(0, ...skewMs)

/** The platform's own troubles. Returns when the callers may stop: after an outage of two days there has to be some time. */
function startWeather({ kernel, base }: SimulatedWorld, endAt: number): number {
  const { chance, faults } = kernel
  const rules = [
    { kind: 'throttle', probability: 0.1, retryAfter: 'seconds' },
    { kind: 'fail', status: 503, probability: 0.1 },
  ] as const
  const route = '* api.tuneful.example/v1'
  for (const rule of rules)
    if (chance.unit(`weather/${rule.kind}`) < 0.4 && faults.fires(`weather-${rule.kind}/quota`))
      base.sandbox.weather.add({ ...rule, id: `weather-${rule.kind}`, route, until: endAt })
  if (chance.unit('outage') >= 0.25 || !faults.fires('outage-of-48-h')) return endAt
  const from = kernel.now() + hour
  base.sandbox.weather.add({ kind: 'outage', id: 'outage-of-48-h', route, from, until: from + 2 * dayMs })
  kernel.sometimes.met('outage of 48 h')
  return from + 2 * dayMs + 2 * hour
}

/** What was asked, and what came of it. */
class Spending {
  readonly #kernel: Kernel
  #usedUpOn: string | null = null

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  worked(): void {
    const today = dayOf(this.#kernel.now(), zone)
    if (this.#usedUpOn === null || this.#usedUpOn === today) return
    if (this.#usedUpOn === shortDay) this.#kernel.sometimes.met('quota day of 23 h')
    if (this.#usedUpOn === longDay) this.#kernel.sometimes.met('quota day of 25 h')
    this.#usedUpOn = null
  }

  failed(error: unknown): void {
    if (!isFault(error)) return
    if (error.detail.quota === 'daily') this.#usedUpOn = dayOf(this.#kernel.now(), zone)
    // A breaker rests for five seconds first, give or take one, and longer only when the one that tried failed too.
    if (error.detail.reason === 'resting' && (error.detail.waitMs ?? 0) > 7 * second)
      this.#kernel.sometimes.met('breaker open, half-open, open')
  }
}

async function keepFlooding(
  world: SimulatedWorld,
  spent: Spending,
  owned: Owned,
  nth: number,
  endAt: number,
): Promise<void> {
  const { kernel } = world
  for (let times = 1; kernel.now() < endAt && !kernel.isBroken; times++) {
    const { waitMs } = await ask(world, spent, owned, { lane: 'backfill', patienceMs: minute, nth: `${nth}/${times}` })
    const pauseMs = Math.min(waitMs, hour) + kernel.chance.unit(`flood/${nth}/${times}`) * 10 * second
    await kernel.sleep(Math.max(second, Math.ceil(pauseMs)), 0.5)
  }
}

async function keepAsking(world: SimulatedWorld, spent: Spending, owned: Owned, endAt: number): Promise<void> {
  const { kernel } = world
  for (let times = 1; kernel.now() < endAt && !kernel.isBroken; times++) {
    const who = `${owned.artist.key}/${times}`
    await kernel.sleep(Math.ceil((20 + kernel.chance.unit(`ask/${who}`) * 40) * minute), 0.5)
    await ask(world, spent, owned, { lane: 'interactive', patienceMs: 15 * second, nth: who })
  }
}

interface Reply {
  /** Before the next: 0 when it worked. */
  readonly waitMs: number
  /** The quota that is used up, where that is why. */
  readonly quota?: unknown
}

async function ask(
  world: SimulatedWorld,
  spent: Spending,
  { connection }: Owned,
  how: { lane: Lane; patienceMs: number; nth: string },
): Promise<Reply> {
  const { kernel, base, running } = world
  if (running.length === 0) return { waitMs: 10 * second }
  const { engine, life } = running[Math.floor(kernel.chance.unit(`asks/${how.nth}`) * running.length)]!
  const asked = new Promise<Reply>((resolve) => {
    life.deliver(async () => {
      try {
        const target = await targetOf(engine.recent, engine.setting, base.environment, connection.id, how)
        await engine.gateway.call(target, { path: '/me' })
        spent.worked()
        resolve({ waitMs: 0 })
      } catch (error) {
        spent.failed(error)
        if (!isFault(error) && !(error instanceof DatabaseError)) kernel.violate('B01', `a call threw ${error}`)
        const { waitMs = 5 * second, quota } = isFault(error) ? error.detail : {}
        resolve({ waitMs, quota })
      }
    })
  })
  // The process may die while it works on it.
  return Promise.race([asked, kernel.sleep(3 * minute, 0.5).then(() => ({ waitMs: 0 }))])
}

/** While one floods the app, everybody else gets through (L02), except who has used up what is its own alone. */
async function checkFairness(
  world: SimulatedWorld,
  spent: Spending,
  flooding: Owned,
  quiet: readonly Owned[],
): Promise<void> {
  const { kernel } = world
  const untilAt = kernel.now() + 10 * minute
  const floods = [4, 5, 6, 7].map((nth) => keepFlooding(world, spent, flooding, nth, untilAt))
  for (const owned of quiet)
    for (let times = 1; times <= 3; times++) {
      const how = { lane: 'interactive', patienceMs: 35 * second, nth: `fair/${owned.artist.key}/${times}` } as const
      const { waitMs, quota } = await ask(world, spent, owned, how)
      if (waitMs > 0 && quota !== 'daily')
        kernel.violate('L02', `${owned.artist.key} does not get through beside a flood; it is to wait ${waitMs} ms`)
      await kernel.sleep(20 * second, 0.5)
    }
  await Promise.all(floods)
}

/** Nothing is counted as under way when nothing is (L03), and nobody's access was lost (I34). */
async function checkEnded({ kernel, base, owned }: SimulatedWorld): Promise<void> {
  await kernel.sleep(5 * minute, 0.5)
  for (const { connection, artist } of owned) {
    const { state } = await base.connectionNow(connection)
    if (state === 'needs_reauth')
      kernel.violate('I34', `${artist.key} is ${state} after nothing but quotas and outages`)
  }
  const usage = await base.deps.limiter.usage('', kernel.now())
  const busy = usage.filter(({ bucket, used }) => bucket.endsWith('/general') && used > 0)
  if (busy.length > 0) kernel.violate('L03', `${busy[0]!.bucket} still counts ${busy[0]!.used} calls`)
}

function hashOf(text: string): number {
  let hash = 7
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) >>> 0
  return hash
}
