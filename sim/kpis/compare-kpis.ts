import type { Kpi } from '../../src/engine/watch/kpis/kpi.ts'
import type { Connection } from '../../src/ports/connections.ts'
import { trueLosses } from './true-losses.ts'
import { trueRecoveries } from './true-recoveries.ts'
import type { Watch } from './watch-world.ts'

/** One number that the engine counted otherwise than it was. */
export interface Difference {
  readonly kpi: string
  readonly provider: string
  readonly what: string
  readonly counted: number
  readonly real: number
}

export interface Truth {
  /** By provider: calls that ended, that failed for good, and that could not be made any more. */
  readonly calls: ReadonlyMap<string, { ended: number; failed: number; accessEnded: number }>
  readonly watch: Pick<Watch, 'turns' | 'moves'>
  readonly window: { readonly from: number; readonly to: number }
  readonly now: number
  readonly endOf: (
    connection: Connection,
    at: number,
  ) => { at: number; why: 'app' | 'owner' | 'reuse' | 'code_reuse' | 'age' } | null
}

/** I35: what the engine counts of its own history against what others saw. */
export function compareKpis(kpis: readonly Kpi[], truth: Truth): Difference[] {
  const { calls, watch, window, now, endOf } = truth
  const differences: Difference[] = []
  const compare = (kpi: string, provider: string, what: string, counted: number, real: number) => {
    if (counted !== real) differences.push({ kpi, provider, what, counted, real })
  }
  const figures = (id: string) => kpis.find((kpi) => kpi.id === id)!.providers
  const both = (one: Readonly<Record<string, unknown>>, other: ReadonlyMap<string, unknown>) => [
    ...new Set([...Object.keys(one), ...other.keys()]),
  ]

  const k1 = figures('K1')
  for (const provider of both(k1, calls)) {
    const { ended = 0, failed = 0, accessEnded = 0 } = calls.get(provider) ?? {}
    const { numerator = 0, denominator = 0, excluded = [] } = k1[provider] ?? {}
    compare('K1', provider, 'ended well', numerator, ended)
    compare('K1', provider, 'failed', denominator - numerator, failed)
    const ends = excluded.find(({ reason }) => reason === 'access had ended')?.count ?? 0
    compare('K1', provider, 'any without access', Math.sign(ends), Math.sign(accessEnded))
  }

  const k6 = figures('K6')
  const losses = trueLosses(watch.moves, window, ({ connection, at }) => {
    const ended = endOf(connection, at)
    return ended && { ended }
  })
  for (const provider of both(k6, losses)) {
    const { lost = 0, active = 0, causes } = losses.get(provider) ?? {}
    const { numerator = 0, denominator = 0, details = {} } = k6[provider] ?? {}
    compare('K6', provider, 'lost', numerator, lost)
    compare('K6', provider, 'worked at the beginning', denominator, active)
    for (const [cause, count] of Object.entries(causes ?? {}))
      compare('K6', provider, cause, details[cause] ?? 0, count)
  }

  const k8 = figures('K8')
  const recoveries = trueRecoveries(watch.turns, watch.moves, window, now)
  for (const provider of both(k8, recoveries)) {
    const { episodes = 0, inTime = 0, excluded: left = 0 } = recoveries.get(provider) ?? {}
    const { numerator = 0, denominator = 0, excluded = [] } = k8[provider] ?? {}
    compare('K8', provider, 'recovered', numerator, inTime)
    compare('K8', provider, 'began to fail', denominator, episodes)
    compare('K8', provider, 'left out', excluded.reduce((sum, { count }) => sum + count, 0), left) // biome-ignore format: one line
  }
  return differences
}
