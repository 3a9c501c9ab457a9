import { calendarAround, calendarOf, holdsUnder, limitedBy, openCosts, type Provider, type Quota } from '@patchbay/kit'
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
  /** Host and path of its address. */
  readonly place: string
  readonly as: 'account' | 'app'
}

/** What a call takes, by the same rule by which the sandbox counts. Quotas of a user or an account do not concern a call in the app's own name. */
export function takesOf(call: CountedCall): Take[] {
  const { provider, integration } = call.target
  const settings = settingsOf(provider, integration.settings)
  const cost = costsOf(provider)(call.method, call.place, settings)
  return provider.api.quotas.flatMap((quota) => {
    const amount = cost[quota.id]
    const bucket = amount === undefined ? null : bucketOf(call.target, quota, call.as)
    return amount === undefined || bucket === null ? [] : [{ quota: limitedBy(quota, settings), bucket, amount }]
  })
}

const costTables = new WeakMap<Provider, ReturnType<typeof openCosts>>()

/** Worked out once a provider. */
function costsOf(provider: Provider): ReturnType<typeof openCosts> {
  let costs = costTables.get(provider)
  if (!costs) {
    costs = openCosts(provider.api)
    costTables.set(provider, costs)
  }
  return costs
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

/**
 * What a reading that spares a limit draws besides: a bucket of its own that holds a tenth of each rolling limit, so that many of them come one after the
 * other and leave the limit to people. A day's quota would be no less used for it, and of a limit of a few calls there is no tenth.
 */
export function sparingDraws(takes: readonly Take[], { spares }: Pick<Target, 'spares'>): Draw[] {
  if (!spares) return []
  return takes.flatMap(({ quota: { limit, window }, bucket, amount }) => {
    // Less the tenth that lanes below the interactive one leave of every bucket.
    const most = Math.floor(limit / 9)
    return 'rollingMs' in window && amount <= limit / 10 && most >= 2
      ? [{ bucket: sparingBucket(bucket), amount, limit: most, window }]
      : []
  })
}

export const sparingBucket = (bucket: string): string => `${bucket}/sparing`

/** The window of a quota at an instant. */
export function windowAt(quota: Quota, now: Instant): Draw['window'] {
  const { window } = quota
  if ('rollingMs' in window || 'concurrent' in window) return window
  return windowAround(calendarOf(quota)!, now)
}

/** The provider's quotas that hold for this integration, by its settings. */
export function quotasUnder({ provider, integration }: Pick<Target, 'provider' | 'integration'>): Quota[] {
  const settings = settingsOf(provider, integration.settings)
  return provider.api.quotas.filter(({ when }) => holdsUnder(when, settings)).map((quota) => limitedBy(quota, settings))
}

/** What was not said is what the set-up form would have suggested. */
export function settingsOf(
  { settings: fields }: Provider,
  said: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (!fields) return said
  const settings: Record<string, string> = {}
  for (const name in fields) if (fields[name]!.initial !== undefined) settings[name] = fields[name]!.initial
  return Object.assign(settings, said)
}

/** Working out a day costs microseconds of calendar; it changes once in one. */
const windows = { day: new Map<string, Calendar>(), month: new Map<string, Calendar>() }
type Calendar = ReturnType<typeof calendarAround>

function windowAround(calendar: NonNullable<ReturnType<typeof calendarOf>>, now: Instant): Calendar {
  const known = windows[calendar.span].get(calendar.zone)
  if (known && known.startsAt <= now && now < known.endsAt) return known
  const window = calendarAround(calendar, now)
  windows[calendar.span].set(calendar.zone, window)
  return window
}
