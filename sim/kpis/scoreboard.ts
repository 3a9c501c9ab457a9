import { addDays, dayMs, dayOf, hour, type Provider } from '@patchbay/kit'
import { SeededRandom } from '../../src/drivers/random/seeded.ts'
import type { Kpi } from '../../src/engine/watch/kpis/kpi.ts'
import { type Connection, inactiveStates } from '../../src/ports/connections.ts'
import type { CallRecord } from '../../src/ports/journal.ts'
import type { Owned } from '../compare-truth.ts'
import { openPretendWorld, type PretendWorld } from '../pretend-world.ts'
import { compareKpis, type Difference, type Truth } from './compare-kpis.ts'
import { arrive, live } from './people.ts'
import { type QuotaPeak, quotaPeaks } from './quota-peaks.ts'
import { TrueCalls } from './true-calls.ts'
import { openWatch, type Watch } from './watch-world.ts'
import { drawWeather, mix, type Span } from './weather-mix.ts'
import { type Losses, whyLost } from './why-lost.ts'

export interface ScoreboardOptions {
  readonly providers: readonly Provider[]
  readonly artists: number
  readonly days: number
  readonly seed: string
  /** Of all connections and month: the owner takes access back. That of the mix when absent. */
  readonly revokeAMonth?: number
  /** So many of the simulated hours are over. */
  readonly onProgress?: (done: number, total: number) => void
}

export interface Scoreboard {
  readonly artists: number
  readonly days: number
  readonly seed: string
  readonly connections: number
  /** Requests that arrived at the providers in the window. */
  readonly requests: number
  readonly window: { readonly from: number; readonly to: number }
  readonly kpis: readonly Kpi[]
  readonly spans: readonly Span[]
  readonly truth: Truth
  /** Where what the engine counted differs from what the providers and the watch saw. */
  readonly differences: readonly Difference[]
  /** What K4 and K5 lost, by cause. */
  readonly losses: Losses
  readonly afterOutages: AfterOutages
  /** What a well-behaved client does not do, by kind, as the providers saw it. */
  readonly violations: Readonly<Record<string, number>>
  /** How much of each limit would be used if all calls were spread evenly. Above a tenth, a tenth cannot be kept. */
  readonly evenShares: Readonly<Record<string, number>>
  readonly quotaPeaks: readonly QuotaPeak[]
  readonly hours: readonly { readonly at: number; readonly well: number; readonly failed: number }[]
}

/**
 * A month of a whole installation under ordinary bad weather: people connect their accounts in two days, then the window begins in which everything is
 * counted, with outages, revocations, an operator's mistake and people who press refresh. The same seed gives the same month.
 */
export async function runScoreboard(options: ScoreboardOptions): Promise<Scoreboard> {
  const { providers, artists, days, seed, onProgress = () => {} } = options
  const { revokeAMonth = mix.people.revokeAMonth } = options
  const startAt = Date.parse('2026-11-02T00:00:00Z')
  const watch = openWatch()
  const world = await openPretendWorld({
    ...{ providers, seed, artists, startAt, crons: true, ledgerSize: 500_000 },
    // Numbers of years would take hours to read and say nothing about connections.
    since: addDays(dayOf(startAt), -14),
    wrap: watch.wrap,
  })
  const random = new SeededRandom(`${seed}/month`, world.clock)
  const window = { from: startAt + warmUpMs, to: startAt + warmUpMs + days * dayMs }
  const { rules, spans } = drawWeather(providers, window, random)
  const endedRightly = rightfulEnds(world)
  const calls = new TrueCalls(endedRightly)
  let requests = 0
  const total = (warmUpMs + days * dayMs) / hour

  await world.run(async () => {
    await world.start()
    const owned: Owned[] = []
    const arriving = providers.map((provider) => arrive(world, provider, owned))
    for (let at = startAt; at < window.to; at += hour) {
      if (at === window.from) {
        await Promise.all(arriving)
        watch.arrivals(world.sandbox)
        for (const rule of rules) world.sandbox.weather.add(rule)
        void live(world, owned, { window, spans, random, revokeAMonth })
      }
      await world.clock.sleep(at + hour - world.clock.now())
      if (at >= window.from) {
        const arrived = watch.arrivals(world.sandbox)
        requests += arrived.length
        calls.add(arrived)
      } else watch.arrivals(world.sandbox)
      forget(world)
      onProgress((at + hour - startAt) / hour, total)
    }
  })

  const kpis = await world.engine.kpis(world.environment, window)
  const truth = { calls: calls.end(), watch, window, now: world.clock.now(), endOf: grantEnds(world) }
  const made = await world.deps.journal.readCalls(world.environment.id, { limit: Number.MAX_SAFE_INTEGER })
  const violations: Record<string, number> = {}
  for (const { kind, at } of world.sandbox.ledger.violations)
    if (at >= window.from) violations[kind] = (violations[kind] ?? 0) + 1
  return {
    ...{ artists, days, seed, requests, window, kpis, spans, violations, truth },
    connections: Object.values(await world.deps.connections.count(world.environment.id)).reduce((a, b) => a + b, 0),
    differences: compareKpis(kpis, truth),
    losses: await whyLost(world, watch, spans, window),
    afterOutages: afterOutages(watch, spans),
    evenShares: evenShares(world, made, window),
    quotaPeaks: await quotaPeaks(world, made, spans, window),
    hours: [...watch.hours]
      .map(([at, counts]) => ({ at, ...counts }))
      .filter(({ at }) => at >= window.from)
      .sort((one, other) => one.at - other.at),
  }
}

const warmUpMs = 2 * dayMs

/** Events and audit are not counted here, and would be most of what a month leaves in memory. */
function forget({ along, log }: PretendWorld): void {
  along.events.length = 0
  along.audit.length = 0
  log.lines.length = 0
}

/** Whether a grant at a provider ended by its owner or by its age. */
function rightfulEnds({ sandbox }: PretendWorld): (grant: string) => boolean {
  return (id) => {
    const ended = sandbox.grants.list().find((grant) => grant.id === id)?.ended
    return ended?.why === 'owner' || ended?.why === 'age'
  }
}

/** How the grant of a connection ended at the provider, by then. */
function grantEnds({ sandbox }: PretendWorld) {
  const artists = new Map(sandbox.world.artists.map((artist) => [artist.key, artist]))
  const grants = Map.groupBy(sandbox.grants.list(), ({ provider, artist }) => `${provider} ${artist}`)
  return ({ provider, profileId }: Connection, at: number) => {
    const own = artists.has(profileId) ? (grants.get(`${provider} ${profileId}`) ?? []) : []
    return own.find(({ ended }) => ended !== null && ended.at <= at)?.ended ?? null
  }
}

/** Streams that stood still when a platform came back, and how many of them were read again within the hour. */
interface AfterOutages {
  readonly failing: number
  readonly withinAnHour: number
  readonly slowestMs: number
  /** Not counted: meanwhile their owner took access back, paused or disconnected, and only a person can go on. */
  readonly ended: number
}

function afterOutages({ turns, moves }: Watch, spans: readonly Span[]): AfterOutages {
  const movesOf = Map.groupBy(moves, ({ connection }) => connection.id)
  const own = Map.groupBy(turns, ({ connectionId, stream }) => `${connectionId} ${stream}`)
  const providers = new Map(moves.map(({ connection }) => [connection.id, connection.provider]))
  let [failing, withinAnHour, slowestMs, ended] = [0, 0, 0, 0]
  for (const { provider, until, what } of spans) {
    if (what === 'wrong secret') continue
    for (const mine of own.values()) {
      if (providers.get(mine[0]!.connectionId) !== provider) continue
      const next = mine.findIndex(({ at }) => at > until)
      const before = mine[next - 1]
      if (next < 1 || before?.fault == null || before.blocked !== null || until - before.at > hour) continue
      const again = mine.slice(next).find(({ fault }) => fault === null)
      const isPersons = movesOf
        .get(before.connectionId)
        ?.some(
          ({ to, at }) => inactiveStates.has(to) && at >= before.at && at <= (again?.at ?? Number.POSITIVE_INFINITY),
        )
      if (isPersons) {
        ended++
        continue
      }
      failing++
      const tookMs = (again?.at ?? Number.POSITIVE_INFINITY) - until
      if (tookMs <= hour) withinAnHour++
      slowestMs = Math.max(slowestMs, tookMs)
    }
  }
  return { failing, withinAnHour, slowestMs, ended }
}

/** What all calls of the window took of each limit, as if they had been spread evenly over its windows and its holders. */
function evenShares(
  { setting }: Pick<PretendWorld, 'setting'>,
  calls: readonly CallRecord[],
  { from, to }: { from: number; to: number },
): Record<string, number> {
  const shares: Record<string, number> = {}
  for (const provider of setting.providers.values())
    for (const { id, limit, window, per } of provider.api.quotas) {
      if ('concurrent' in window) continue
      const own = calls.filter((call) => call.provider === provider.id && call.startedAt >= from && call.cost[id])
      const taken = own.reduce((sum, { cost }) => sum + cost[id]!, 0)
      const holders = per === 'app' || per === 'ip' ? 1 : Math.max(1, new Set(own.map((one) => one.connectionId)).size)
      const windows = (to - from) / ('rollingMs' in window ? window.rollingMs : dayMs)
      if (taken > 0) shares[`${provider.id} ${id}`] = taken / windows / holders / limit
    }
  return shares
}
