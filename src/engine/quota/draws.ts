import { addDays, type Cost, dayOf, type Provider, type Quota, startOfDay } from '@patchbay/kit'
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

/**
 * What a call takes. The first cost rule that fits decides; without one it is 1 from `general` and from each quota that no rule names: a quota
 * that rules name is for the calls of those rules. Quotas of a user or an account do not concern a call in the app's own name.
 */
export function takesOf(call: CountedCall): Take[] {
  const { provider } = call.target
  const table = costTableOf(provider)
  const rule = table.rules.find(({ fits }) => fits(call.method, call.url.host + call.url.pathname))
  const takes: Take[] = []
  for (const quota of quotasUnder(call.target)) {
    const usual = quota.id === 'general' || !table.named.has(quota.id) ? 1 : 0
    const amount = rule ? (rule.takes[quota.id] ?? 0) : usual
    const bucket = bucketOf(call.target, quota, call.as)
    if (amount > 0 && bucket !== null) takes.push({ quota, bucket, amount })
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

/** The provider's quotas that hold for this integration, by its settings. What was not said is what the set-up form would have suggested. */
export function quotasUnder({ provider, integration }: Pick<Target, 'provider' | 'integration'>): Quota[] {
  return provider.api.quotas.filter(({ when }) =>
    Object.entries(when ?? {}).every(
      ([name, value]) => (integration.settings[name] ?? provider.settings?.[name]?.initial) === value,
    ),
  )
}

interface CostTable {
  readonly rules: readonly {
    readonly fits: (method: string, place: string) => boolean
    readonly takes: Cost['takes']
  }[]
  readonly named: ReadonlySet<string>
}

const costTables = new WeakMap<Provider, CostTable>()

function costTableOf(provider: Provider): CostTable {
  let table = costTables.get(provider)
  if (!table) {
    const costs = provider.api.costs ?? []
    table = {
      rules: costs.map(({ call, takes }) => ({ fits: parseCallPattern(call), takes })),
      named: new Set(costs.flatMap(({ takes }) => Object.keys(takes))),
    }
    costTables.set(provider, table)
  }
  return table
}

/** `GET api.example.com/v1/artists/{id}`: fits that path and everything below it, segment by segment. The method may be `*`. */
function parseCallPattern(call: string): (method: string, place: string) => boolean {
  const [method, place, more] = call.split(' ')
  if (!method || !place || more !== undefined)
    throw new TypeError(`a cost names its call like "GET api.example.com/v1/artists/{id}", not like "${call}"`)
  const source = place
    .replace(/\/$/, '')
    .replace(/\{\w+\}|[.*+?^$()|[\]\\{}]/g, (found) => (found.length > 1 ? '[^/]+' : `\\${found}`))
  const beginning = new RegExp(`^${source}(/|$)`)
  return (asked, at) => (method === '*' || asked === method) && beginning.test(at)
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
