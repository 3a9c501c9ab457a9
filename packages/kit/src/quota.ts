import { parseRoutePattern } from './route-pattern.ts'
import { addDays, dayOf, startOfDay } from './time.ts'

/**
 * A provider's limit, as data. Every number has a source, and a guess says that it is one.
 * Windows: `rollingMs` rolls with the clock; `day` and `month` are the calendar's in that zone (a day is 23, 24 or 25 hours long).
 */
export interface Quota {
  /** Unique within the provider. `general` when it has only one. */
  readonly id: string
  /** What the limit is counted for: one bucket an app, a grant's user, an account, or an address of ours. */
  readonly per: 'app' | 'user' | 'account' | 'ip'
  readonly limit: number
  /** The setting in which the integration's owner says the limit, where it is theirs to say: a budget. `limit` as long as nothing was said. */
  readonly limitSetting?: string
  readonly window:
    | { readonly rollingMs: number }
    | { readonly day: string }
    | { readonly month: string }
    | { readonly concurrent: true }
  /**
   * What is counted is money, in this currency (`USD`), and costs are prices. When it is spent that is a hard stop for everybody, `setup.budget`: asking
   * again does not help, and a larger budget does.
   */
  readonly currency?: string
  /** What is counted, for people: `units`, `calls`. */
  readonly unit?: string
  /** Only under these integration settings: `{ mode: 'extended' }`. */
  readonly when?: Readonly<Record<string, string>>
  /** `developer.spotify.com/…`, or `guess: why`. */
  readonly source: string
}

/**
 * What one call takes from which quota. The first rule that fits counts; without one, 1 from `general` and from each quota that no rule names (a quota that
 * only rules name is for those calls).
 */
export interface Cost {
  /** `GET youtube.googleapis.com/youtube/v3/search`: method and host/path prefix, `{name}` matches one segment. */
  readonly call: string
  /** Quota id → amount. An empty object is free. */
  readonly takes: Readonly<Record<string, number>>
  readonly source?: string
}

/** What an answer's headers say about a quota. It may only tighten what we know. */
export interface QuotaSignal {
  readonly quota: string
  /** Share of the limit that is used, 0–1. */
  readonly used?: number
  readonly remaining?: number
  /** Nothing more before this many milliseconds from the answer. */
  readonly waitMs?: number
}

/** What people call that which is counted. */
export const unitOfQuota = ({ unit, currency }: Pick<Quota, 'unit' | 'currency'>): string => unit ?? currency ?? 'calls'

/** The calendar by which a quota counts. Null where it goes by none. */
export function calendarOf({
  window,
}: Pick<Quota, 'window'>): { readonly zone: string; readonly span: 'day' | 'month' } | null {
  if ('day' in window) return { zone: window.day, span: 'day' }
  return 'month' in window ? { zone: window.month, span: 'month' } : null
}

/** The day or month that an instant is in, from its first instant to the first of the next. */
export function calendarAround(
  { zone, span }: NonNullable<ReturnType<typeof calendarOf>>,
  now: number,
): { readonly startsAt: number; readonly endsAt: number } {
  const today = dayOf(now, zone)
  const first = span === 'day' ? today : `${today.slice(0, 7)}-01`
  // Thirty-one days after the first of a month it is the next one, whichever it was.
  const next = span === 'day' ? addDays(first, 1) : `${addDays(first, 31).slice(0, 7)}-01`
  return { startsAt: startOfDay(first, zone), endsAt: startOfDay(next, zone) }
}

/** The quota as it holds for an integration: with its own limit, where its owner says that. */
export function limitedBy(quota: Quota, settings: Readonly<Record<string, string>>): Quota {
  const said = quota.limitSetting === undefined ? undefined : settings[quota.limitSetting]
  return said === undefined || said === '' ? quota : { ...quota, limit: parseLimit(said) ?? 0 }
}

/** A limit as its owner writes it: `50`, `12.5`. Null when it is none. */
export function parseLimit(text: string): number | null {
  return /^\d{1,12}(\.\d{1,6})?$/.test(text.trim()) ? Number(text) : null
}

/** What a call to `host/path` takes from each quota that holds under these settings, by quota id. Client and sandbox count by this one rule. */
export function openCosts(api: { readonly quotas: readonly Quota[]; readonly costs?: readonly Cost[] }) {
  const rules = (api.costs ?? []).map(({ call, takes }) => ({ pattern: parseRoutePattern(call), takes }))
  const named = new Set(rules.flatMap(({ takes }) => Object.keys(takes)))
  return (method: string, place: string, settings: Readonly<Record<string, string>>): Record<string, number> => {
    const rule = rules.find(({ pattern }) => pattern.begins(method, place))
    const cost: Record<string, number> = {}
    for (const quota of api.quotas) {
      const usual = quota.id === 'general' || !named.has(quota.id) ? 1 : 0
      const amount = rule ? (rule.takes[quota.id] ?? 0) : usual
      if (amount > 0 && holdsUnder(quota.when, settings)) cost[quota.id] = amount
    }
    return cost
  }
}

/** Whether settings are as `when` wants them; without one they always are. */
export function holdsUnder(
  when: Readonly<Record<string, string>> | undefined,
  settings: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(when ?? {}).every(([name, value]) => settings[name] === value)
}
