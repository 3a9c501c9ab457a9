import { calendarOf, type Quota, unitOfQuota } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Usage } from '../../ports/limiter.ts'
import type { Deps } from '../deps.ts'
import type { Target } from '../http/target.ts'
import { bucketsOf, ipBucketsOf } from './buckets.ts'
import { quotasUnder, windowAt } from './draws.ts'

/** How much of one bucket is used. `whose`: a grant's or an account's id, null for the app's and our address's. */
export interface QuotaUsage {
  readonly quota: string
  readonly per: Quota['per']
  readonly whose: string | null
  readonly unit: string
  readonly used: number
  readonly limit: number
  /** 0–1. */
  readonly share: number
  /** Length of a rolling window in milliseconds, the zone whose calendar counts, or `concurrent`. */
  readonly window: number | string
  /** When all of it is free again if nothing more is taken. Null while nothing is used, and for concurrency. */
  readonly resetsAt: Instant | null
  /** The provider asked for a pause until then. */
  readonly parkedUntil: Instant | null
  readonly source: string
}

/**
 * Where the quotas of an integration stand. Quotas of the app are always there, those of users and accounts only where something is used, the
 * fullest first.
 */
export async function quotaUsage(
  { limiter, clock }: Pick<Deps, 'limiter' | 'clock'>,
  target: Pick<Target, 'provider' | 'integration' | 'environment'>,
): Promise<QuotaUsage[]> {
  const now = clock.now()
  const ownPrefix = bucketsOf(target)
  const ipPrefix = ipBucketsOf(target)
  const [own, ip] = await Promise.all([limiter.usage(ownPrefix, now), limiter.usage(ipPrefix, now)])
  const found = quotasUnder(target).flatMap((quota) => {
    const prefix = quota.per === 'ip' ? ipPrefix : ownPrefix
    const usages = (quota.per === 'ip' ? ip : own).filter(({ bucket }) => bucket.split('/').at(-1) === quota.id)
    const shared = quota.per === 'app' || quota.per === 'ip'
    if (shared && usages.length === 0) return [usageOf(quota, null, undefined, now)]
    return usages.map((usage) => {
      const whose = usage.bucket.slice(prefix.length).split('/').slice(0, -1)[0]
      return usageOf(quota, whose === undefined ? null : decodeURIComponent(whose), usage, now)
    })
  })
  return found.sort((one, other) => other.share - one.share)
}

function usageOf(quota: Quota, whose: string | null, usage: Usage | undefined, now: Instant): QuotaUsage {
  const window = windowAt(quota, now)
  const used = usage?.used ?? 0
  return {
    quota: quota.id,
    per: quota.per,
    whose,
    unit: unitOfQuota(quota),
    used,
    limit: quota.limit,
    share: quota.limit > 0 ? used / quota.limit : 1,
    window: calendarOf(quota)?.zone ?? ('rollingMs' in window ? window.rollingMs : 'concurrent'),
    resetsAt: usage?.resetsAt ?? null,
    parkedUntil: usage?.parkedUntil ?? null,
    source: quota.source,
  }
}
