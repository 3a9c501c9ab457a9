import { hour } from '@patchbay/kit'
import { peakOf } from '../../src/drivers/history/memory-peaks.ts'
import { watchedQuotas } from '../../src/engine/watch/kpis/quota-share.ts'
import type { Window } from '../../src/ports/history.ts'
import type { CallRecord } from '../../src/ports/journal.ts'
import type { PretendWorld } from '../pretend-world.ts'
import type { Span } from './weather-mix.ts'

/** The most that reading in the background took of a limit at a time, as a share of it. */
export interface QuotaPeak {
  readonly quota: string
  readonly most: number
  /** The same without the two hours after each outage, in which everything is read that could not be. */
  readonly calm: number
}

const catchUpMs = 2 * hour

/** K7 for each limit, with and without what outages leave to be done. */
export async function quotaPeaks(
  { deps, environment, setting }: PretendWorld,
  calls: readonly CallRecord[],
  spans: readonly Span[],
  window: Window,
): Promise<QuotaPeak[]> {
  const all = { limit: Number.MAX_SAFE_INTEGER }
  const connections = new Map((await deps.connections.list(environment.id, all)).map((one) => [one.id, one]))
  const integrations = await deps.directory.integrations(environment.id)
  return watchedQuotas(setting.providers.catalog.values(), integrations).map((quota) => {
    const own = calls.filter((call) => call.provider === quota.provider && (call.cost[quota.quota] ?? 0) > 0)
    const shareOf = (some: Window) =>
      Math.max(0, ...peakOf(quota, own, connections, some).map(({ background }) => background / quota.limit))
    const calm = calmTimes(
      spans.filter(({ provider }) => provider === quota.provider),
      window,
    )
    const name = `${quota.provider} ${quota.quota}${quota.overADay ? ', over a day' : ''}`
    return { quota: name, most: shareOf(window), calm: Math.max(0, ...calm.map(shareOf)) }
  })
}

/** Between an outage's aftermath and the next outage. */
export function calmTimes(spans: readonly Pick<Span, 'from' | 'until'>[], { from, to }: Window): Window[] {
  const calm: Window[] = []
  let at = from
  for (const span of spans.toSorted((one, other) => one.from - other.from)) {
    if (span.from > at) calm.push({ from: at, to: Math.min(span.from, to) })
    at = Math.max(at, span.until + catchUpMs)
  }
  if (at < to) calm.push({ from: at, to })
  return calm
}
