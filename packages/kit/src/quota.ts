import { parseRoutePattern } from './route-pattern.ts'

/**
 * A provider's limit, as data. Every number has a source, and a guess says that it is one.
 * Windows: `windowMs` rolls with the clock; `day` is a calendar day in that zone (23, 24 or 25 hours long).
 */
export interface Quota {
  /** Unique within the provider. `general` when it has only one. */
  readonly id: string
  /** What the limit is counted for: one bucket an app, a grant's user, an account, or an address of ours. */
  readonly per: 'app' | 'user' | 'account' | 'ip'
  readonly limit: number
  readonly window: { readonly rollingMs: number } | { readonly day: string } | { readonly concurrent: true }
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
