import { hour, minute, type Provider, parseDuration, second } from '@patchbay/kit'
import { ConnectionPast } from '../../src/engine/watch/kpis/connection-past.ts'
import { mostLagMs } from '../../src/engine/watch/kpis/data-lag.ts'
import type { Gap, RefreshWait, Window } from '../../src/ports/history.ts'
import type { PretendWorld } from '../pretend-world.ts'
import type { Befallen, Turn, Watch } from './watch-world.ts'
import type { Span } from './weather-mix.ts'

/** What a number lost, by cause, in its own unit. The causes of one number add up to all that it lost. */
export type Losses = Readonly<Record<'K4' | 'K5', Readonly<Record<string, number>>>>

/** Whether no server could have helped it: the platform did not answer, or had said that it would not yet. */
export const isPlatforms = (cause: string): boolean =>
  ['outage', 'token endpoint down', 'waited for a quota'].includes(cause) || cause.startsWith('a single request: ')

/** Why minutes were late and refreshes were not fresh in time: which part of it no server could have had, and which was ours. */
export async function whyLost(
  { deps, environment, setting, sandbox }: PretendWorld,
  watch: Pick<Watch, 'turns' | 'befallen' | 'moves'>,
  spans: readonly Span[],
  window: Window,
): Promise<Losses> {
  const all = { limit: Number.MAX_SAFE_INTEGER }
  const [gaps, waits, steps] = await Promise.all([
    deps.history.gaps(environment.id, { ...window, ...all, longerThanMs: mostLagMs }),
    deps.history.refreshes(environment.id, { ...window, ...all }),
    deps.history.steps(environment.id, { from: window.from, to: deps.clock.now() + 1, ...all }),
  ])
  const past = new ConnectionPast(steps)
  const turns = Map.groupBy(watch.turns, (turn) => `${turn.connectionId} ${turn.stream}`)
  const lateMs: Record<string, number> = {}
  for (const gap of gaps) {
    if (!isCounted(setting.providers.catalog.get(gap.provider), gap.stream)) continue
    const idle = past.inactive(gap.connectionId, window.from, window.to)
    const own = turns.get(`${gap.connectionId} ${gap.stream}`) ?? []
    const late = { from: Math.max(window.from, gap.from + mostLagMs), to: Math.min(window.to, gap.to) }
    for (const { cause, from, to } of causesOf(gap, late, own, spans)) {
      const idleMs = idle.reduce((sum, rest) => sum + Math.max(0, Math.min(to, rest.to) - Math.max(from, rest.from)), 0)
      add(lateMs, cause, to - from - idleMs)
    }
  }
  const profiles = new Map(watch.moves.map(({ connection }) => [connection.id, connection.profileId]))
  const artists = new Set(sandbox.world.artists.map(({ key }) => key))
  const lateRefreshes: Record<string, number> = {}
  for (const wait of waits) {
    if (wait.ended === 'fresh' && wait.endedAt - wait.askedAt <= 5 * second) continue
    const artist = profiles.get(wait.connectionId) ?? ''
    add(lateRefreshes, causeOf(wait, artists.has(artist) ? artist : '', watch.befallen, spans), 1)
  }
  const minutes = Object.entries(lateMs).map(([cause, ms]) => [cause, Math.round(ms / minute)] as const)
  return {
    K4: Object.fromEntries(minutes.filter(([, count]) => count > 0)),
    K5: lateRefreshes,
  }
}

function isCounted(provider: Provider | undefined, stream: string): boolean {
  const every = provider?.streams[stream]?.every
  return every !== undefined && parseDuration(every) <= mostLagMs
}

/** The late time of one gap in pieces, each with its cause. */
export function causesOf(
  gap: Pick<Gap, 'provider' | 'from'>,
  late: { readonly from: number; readonly to: number },
  turns: readonly Pick<Turn, 'fault' | 'at'>[],
  spans: readonly Span[],
): { cause: string; from: number; to: number }[] {
  const pieces: { cause: string; from: number; to: number }[] = []
  let at = late.from
  // It may have been over when the limit was passed, and still be why nobody had read by then.
  const met = spans.filter(
    ({ provider, from, until }) => provider === gap.provider && from < late.to && until > late.from - hour,
  )
  let cause = withoutOutage(turns.filter((turn) => turn.at > gap.from && turn.at < late.to))
  for (const { what, from, until } of met) {
    if (from > at) pieces.push({ cause, from: at, to: Math.min(from, late.to) })
    at = Math.max(at, from)
    if (until > at) pieces.push({ cause: what, from: at, to: Math.min(until, late.to) })
    at = Math.max(at, Math.min(until, late.to))
    cause = `after ${what}, until its next try`
  }
  if (at < late.to) pieces.push({ cause, from: at, to: late.to })
  return pieces.filter(({ from, to }) => to > from)
}

function withoutOutage(turns: readonly Pick<Turn, 'fault'>[]): string {
  const last = turns.findLast(({ fault }) => fault !== null)?.fault
  if (last === undefined) return 'read a day after the last time, and not sooner'
  return last === 'provider.throttled' || last === 'provider.exhausted' ? 'waited for a quota' : `failed with ${last}`
}

/** Why somebody did not have fresh numbers in time. */
function causeOf(
  { provider, askedAt, endedAt }: RefreshWait,
  artist: string,
  befallen: readonly Befallen[],
  spans: readonly Span[],
): string {
  const span = spans.find((one) => one.provider === provider && one.from < endedAt && one.until > askedAt)
  if (span) return span.what
  const earlier = spans.find((one) => one.provider === provider && one.from < askedAt && one.until > askedAt - hour)
  const mine = befallen.filter(
    (one) =>
      one.provider === provider &&
      (one.artist === undefined || one.artist === artist) &&
      one.at > askedAt - minute &&
      one.at <= endedAt,
  )
  if (mine.length > 0)
    return `a single request: ${[...new Set(mine.flatMap(({ kinds }) => kinds))].sort().join(' and ')}`
  return earlier ? `after ${earlier.what}` : 'ours'
}

function add(sums: Record<string, number>, cause: string, amount: number): void {
  sums[cause] = (sums[cause] ?? 0) + amount
}
