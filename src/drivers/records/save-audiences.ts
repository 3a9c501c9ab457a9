import type { Instant } from '../../ports/clock.ts'
import type { Sql } from '../../ports/database.ts'
import type { SavedPage } from '../../ports/records.ts'
import { storable } from './storable.ts'

export async function saveAudiences(sql: Sql, environmentId: string, pages: readonly SavedPage[], at: Instant) {
  for (const { connectionId, audiences } of pages)
    for (const audience of audiences) {
      const { population, basis, period, rows, dimensions } = storable(audience)
      const values = [population, dimensionsOf(dimensions), period.end, period.start, basis, JSON.stringify(rows)]
      await sql(upsertAudience, [environmentId, new Date(at), connectionId, ...values], 'records.audience')
    }
}

/** Which dimensions, whatever their order. */
export const dimensionsOf = (dimensions: readonly string[]) => dimensions.toSorted().join(' ')

const upsertAudience = `
  insert into audience as a (environment_id, observed_at, connection_id, population, dimensions, period_end, period_start, basis, rows)
  values ($1, $2, $3, $4, $5, $6::date, $7::date, $8, $9)
  on conflict (environment_id, connection_id, population, dimensions, period_end) do update set
    observed_at = excluded.observed_at, period_start = excluded.period_start, basis = excluded.basis, rows = excluded.rows
  where a.observed_at <= excluded.observed_at
    and (a.period_start, a.basis, a.rows) is distinct from (excluded.period_start, excluded.basis, excluded.rows)`
