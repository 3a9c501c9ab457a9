import { addDays, type Observation } from '@patchbay/kit'
import { AlongLog } from '../../drivers/along/memory.ts'
import { openMemoryRecords } from '../../drivers/records/memory.ts'
import { openMemorySchedule } from '../../drivers/schedule/memory.ts'
import type { Connection } from '../../ports/connections.ts'
import { observed, pageOf } from '../../ports/records.contract.ts'
import { type MetricQuery, queryMetrics } from './query.ts'

export const now = Date.parse('2026-10-06T12:00:00Z')
export const connection = (id: string, provider: string) => ({ id, provider, environmentId: 'env_1' }) as Connection
export const both = [connection('con_1', 'alpha'), connection('con_2', 'beta')]

/** Numbers of two accounts on two platforms, and their questions. */
export async function openNumbers(rows: Record<string, readonly Observation[]>, options: { readAt?: number } = {}) {
  const records = openMemoryRecords(new AlongLog())
  const schedule = openMemorySchedule()
  const pages = Object.entries(rows).map(([connectionId, observations]) => pageOf({ connectionId, observations }))
  await records.save('env_1', pages, { at: options.readAt ?? now, actor: 'system' })
  const deps = { records, schedule, clock: { now: () => now, sleep: async () => {} } }
  const ask = (query: Partial<MetricQuery>) =>
    queryMetrics(deps, 'env_1', { connections: both, granularity: 'latest', limit: 1000, ...query })
  return { ask, deps, records, schedule }
}

/** Values of a daily amount, day by day. A null is one that the platform has not worked out yet. */
export const daily = (first: string, values: readonly (number | null)[], more: Partial<Observation> = {}) =>
  values.map((value, i) =>
    observed(value, {
      metric: 'consumption.views_daily',
      day: addDays(first, i),
      ...(value === null ? { reason: 'not_ready' as const } : {}),
      ...more,
    }),
  )
