/** What was left out of a denominator, and why. Never silent. */
export interface Exclusion {
  readonly reason: string
  readonly count: number
}

/** A measured share: a numerator, a denominator, and everything that was left out of it. */
export interface Figure {
  /** Numerator by denominator. Null where there is nothing to divide by, or where it cannot be known. */
  readonly value: number | null
  /** Why there is no value; null where there is one. */
  readonly whyNone: string | null
  readonly numerator: number
  readonly denominator: number
  readonly excluded: readonly Exclusion[]
  /** What else belongs to it: counts, shares and milliseconds by name. Null: not known. */
  readonly details: Readonly<Record<string, number | null>>
}

/** One number by which this server is judged. */
export interface Definition {
  readonly name: string
  /** What is divided by what. */
  readonly says: string
  readonly unit: 'calls' | 'minutes' | 'requests' | 'refreshes' | 'connections' | 'units' | 'episodes'
  readonly target: { readonly atLeast: number } | { readonly atMost: number }
  /** What of the definition is not measured here. */
  readonly notMeasured: string | null
}

export interface Kpi extends Definition {
  readonly id: KpiId
  readonly overall: Figure
  /** By provider; empty for what concerns no provider. */
  readonly providers: Readonly<Record<string, Figure>>
}

export const definitions = {
  K1: {
    name: 'Successful calls',
    says: 'Calls to platforms, each with its retries, that ended well or with a correct no, of all that were made. A call of a reading that failed and was read within a day is one call with the one that worked.',
    unit: 'calls',
    target: { atLeast: 0.9995 },
    notMeasured: null,
  },
  K2: {
    name: 'Uptime of the sync service',
    says: 'Minutes in which a process wrote to the database and a planner was at work, of all minutes since the first. Planned work counts as down.',
    unit: 'minutes',
    target: { atLeast: 0.9995 },
    notMeasured: 'A probe of the API from outside, and a connection that is read for the purpose.',
  },
  K3: {
    name: 'Errors of our API',
    says: 'Requests to this server that it answered with 5xx, of all requests whose client waited for the answer.',
    unit: 'requests',
    target: { atMost: 0.0001 },
    notMeasured: null,
  },
  K4: {
    name: 'Data younger than a day',
    says: 'Minutes of streams in which everything that the platform had 24 hours before was stored, of all minutes since their first reading.',
    unit: 'minutes',
    target: { atLeast: 0.999 },
    notMeasured: 'The delay with which platforms publish, which would be allowed on top.',
  },
  K5: {
    name: 'Refresh within 5 seconds',
    says: 'Refreshes that somebody waited for and that ended with fresh numbers within 5 seconds, of all.',
    unit: 'refreshes',
    target: { atLeast: 0.99 },
    notMeasured: null,
  },
  K6: {
    name: 'Manual reconnects',
    says: 'Connections that needed their owner to connect again, of those that worked when the window began.',
    unit: 'connections',
    target: { atMost: 0.01 },
    notMeasured: 'How many expiries were announced 14 days ahead.',
  },
  K7: {
    name: 'Background use of quotas',
    says: 'The most that reading in the background ever used of a limit at a time, of the fullest limit.',
    unit: 'units',
    target: { atMost: 0.1 },
    notMeasured: 'Limits of how many calls run at once.',
  },
  K8: {
    name: 'Recovered without a person',
    says: 'Connections that began to fail and were read again within 24 hours without a person, of all times that one began to fail.',
    unit: 'episodes',
    target: { atLeast: 0.99 },
    notMeasured: 'When the cause of a failure ended, which only a simulation knows.',
  },
} as const satisfies Record<string, Definition>

export type KpiId = keyof typeof definitions

export interface Counted {
  readonly numerator: number
  readonly denominator: number
  readonly excluded?: Readonly<Record<string, number>>
  readonly details?: Figure['details']
}

/** `nothing`: the sentence for an empty denominator. */
export function figure({ numerator, denominator, excluded = {}, details = {} }: Counted, nothing: string): Figure {
  return {
    value: denominator > 0 ? numerator / denominator : null,
    whyNone: denominator > 0 ? null : nothing,
    numerator,
    denominator,
    excluded: Object.entries(excluded)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => ({ reason, count }))
      .sort((one, other) => other.count - one.count || (one.reason < other.reason ? -1 : 1)),
    details,
  }
}

/** A figure that cannot be known, with why. */
export const unknown = (whyNone: string): Figure => ({
  ...{ value: null, whyNone, numerator: 0, denominator: 0, excluded: [], details: {} },
})

/** Whether a value is what it should be; null where there is none. */
export function meets(target: Definition['target'], value: number | null): boolean | null {
  if (value === null) return null
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost
}

/** The figure of all rows, and one for each provider among them. */
export function byProvider<Row extends { readonly provider: string }>(
  rows: readonly Row[],
  measure: (rows: readonly Row[]) => Figure,
): Pick<Kpi, 'overall' | 'providers'> {
  const own = Map.groupBy(rows, ({ provider }) => provider)
  const providers = [...own].sort(([one], [other]) => (one < other ? -1 : 1))
  return {
    overall: measure(rows),
    providers: Object.fromEntries(providers.map(([provider, some]) => [provider, measure(some)])),
  }
}

/** Adds one to a count by name. */
export function count(counts: Record<string, number>, name: string, amount = 1): void {
  counts[name] = (counts[name] ?? 0) + amount
}

/** The value below which that share of them lies; null of none. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null
}
