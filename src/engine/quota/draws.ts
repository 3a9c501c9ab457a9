import { addDays, dayOf, holdsUnder, openCosts, type Provider, type Quota, startOfDay } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Draw } from '../../ports/limiter.ts'
import type { Target } from '../http/target.ts'
import { bucketOf } from './buckets.ts'

/** What a call takes from one quota. */
export interface Take {
  readonly quota: Quota
  readonly bucket: string
  readonly amount: number
}

/** A call, as far as quotas care. */
export interface CountedCall {
  readonly target: Target
  readonly method: string
  readonly url: URL
  readonly as: 'account' | 'app'
}

/** What a call takes, by the same rule by which the sandbox counts. Quotas of a user or an account do not concern a call in the app's own name. */
export function takesOf(call: CountedCall): Take[] {
  const { target, method, url, as } = call
  const costs = costsOf(target.provider)(method, url.host + url.pathname, settingsOf(target))
  const takes: Take[] = []
  for (const quota of target.provider.api.quotas) {
    const amount = costs[quota.id] ?? 0
    const bucket = amount > 0 ? bucketOf(target, quota, as) : null
    if (bucket !== null) takes.push({ quota, bucket, amount })
  }
  return takes
}

/** The same as the limiter asks for it: a calendar day is worked out for that instant. */
export function drawsAt(takes: readonly Take[], now: Instant): Draw[] {
  return takes.map(({ quota, bucket, amount }) => ({
    bucket,
    amount,
    limit: quota.limit,
    window: windowAt(quota, now),
  }))
}

/** The window of a quota at an instant. */
export function windowAt({ window }: Quota, now: Instant): Draw['window'] {
  return 'day' in window ? dayAround(now, window.day) : window
}

/** The provider's quotas that hold for this integration, by its settings. */
export function quotasUnder(target: Pick<Target, 'provider' | 'integration'>): Quota[] {
  const settings = settingsOf(target)
  return target.provider.api.quotas.filter(({ when }) => holdsUnder(when, settings))
}

/** What was not said is what the set-up form would have suggested. */
function settingsOf({ provider, integration }: Pick<Target, 'provider' | 'integration'>): Record<string, string> {
  const settings: Record<string, string> = {}
  for (const [name, { initial }] of Object.entries(provider.settings ?? {}))
    if (initial !== undefined) settings[name] = initial
  return { ...settings, ...integration.settings }
}

const costTables = new WeakMap<Provider, ReturnType<typeof openCosts>>()

function costsOf(provider: Provider): ReturnType<typeof openCosts> {
  let costs = costTables.get(provider)
  if (!costs) {
    costs = openCosts(provider.api)
    costTables.set(provider, costs)
  }
  return costs
}

/** Working out a day costs microseconds of calendar; it changes once in one. */
const days = new Map<string, { startsAt: Instant; endsAt: Instant }>()

function dayAround(now: Instant, zone: string): { startsAt: Instant; endsAt: Instant } {
  const known = days.get(zone)
  if (known && known.startsAt <= now && now < known.endsAt) return known
  const day = dayOf(now, zone)
  const window = { startsAt: startOfDay(day, zone), endsAt: startOfDay(addDays(day, 1), zone) }
  days.set(zone, window)
  return window
}
