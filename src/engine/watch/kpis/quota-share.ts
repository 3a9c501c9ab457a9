import { dayMs, type Provider, type Quota } from '@patchbay/kit'
import type { Integration } from '../../../ports/directory.ts'
import type { Peak, WatchedQuota } from '../../../ports/history.ts'
import { quotasUnder } from '../../quota/draws.ts'
import { type Figure, figure, type Kpi, unknown } from './kpi.ts'

/** A limit as it is looked at: over its own window, or what it allows in a day where a tenth of it is less than one call. */
export interface Watched extends WatchedQuota {
  readonly limit: number
  /** Not over its own window. */
  readonly overADay: boolean
}

/** The limits that hold for any of the integrations. */
export function watchedQuotas(providers: Iterable<Provider>, integrations: readonly Integration[]): Watched[] {
  return [...providers].flatMap((provider) => {
    const own = integrations.filter((integration) => integration.provider === provider.id)
    const holding = new Set(own.flatMap((integration) => quotasUnder({ provider, integration })))
    return [...holding].flatMap((quota) => watch(provider.id, quota))
  })
}

function watch(provider: string, { id, per, limit, window }: Quota): Watched[] {
  // A budget is there to be spent.
  if ('concurrent' in window || 'month' in window) return []
  const own = { provider, quota: id, per }
  if ('day' in window || limit / 10 >= 1) return [{ ...own, window, limit, overADay: false }]
  const daily = (limit * dayMs) / window.rollingMs
  return [{ ...own, window: { rollingMs: dayMs }, limit: daily, overADay: true }]
}

/** K7. The fullest bucket of each provider; overall the fullest of all. */
export function quotaShare(watched: readonly Watched[], peaks: readonly Peak[]): Pick<Kpi, 'overall' | 'providers'> {
  const shares = peaks.flatMap((peak) => {
    const quota = watched.find((one) => one.provider === peak.provider && one.quota === peak.quota)
    return quota && quota.limit > 0 ? [{ ...peak, limit: quota.limit, overADay: quota.overADay }] : []
  })
  const ids = [...new Set(watched.map(({ provider }) => provider))].sort()
  const providers = ids.map((id) => [id, fullest(shares.filter(({ provider }) => provider === id))] as const)
  return { overall: fullest(shares), providers: Object.fromEntries(providers) }
}

function fullest(shares: readonly (Peak & { limit: number; overADay: boolean })[]): Figure {
  const [first] = shares.toSorted((one, other) => other.background / other.limit - one.background / one.limit)
  if (first === undefined) return unknown('Nothing was drawn from a limit.')
  const details: Record<string, number> = {}
  for (const { quota, background, all, limit, overADay } of shares) {
    const name = overADay ? `${quota}, over a day` : quota
    details[name] = Math.max(details[name] ?? 0, background / limit)
    details[`${name}, with people`] = Math.max(details[`${name}, with people`] ?? 0, all / limit)
  }
  return figure({ numerator: first.background, denominator: first.limit, details }, '')
}
