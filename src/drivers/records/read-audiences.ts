import type { Sql } from '../../ports/database.ts'
import type { StoredAudience } from '../../ports/records.ts'

export async function readAudiences(
  sql: Sql,
  environmentId: string,
  connections: readonly string[],
): Promise<StoredAudience[]> {
  const { rows } = await sql<AudienceColumns>(selectAudiences, [environmentId, connections], 'records.read_audiences')
  return rows.map(({ dimensions, start, end, ...audience }) => ({
    ...audience,
    dimensions: dimensions.split(' ') as unknown as StoredAudience['dimensions'],
    period: { start, end },
  }))
}

type AudienceColumns = Omit<StoredAudience, 'dimensions' | 'period'> & {
  dimensions: string
  start: string | null
  end: string
} & Record<string, unknown>

/** Which there are is read from the index alone: what each said in all of its periods is a hundred times as much. */
const selectAudiences = `
  select newest.* from (
    select distinct connection_id, population, dimensions from audience where environment_id = $1 and connection_id = any ($2)) as k
  cross join lateral (
    select a.connection_id as "connectionId", a.population, a.dimensions, a.basis, a.rows, a.period_start as "start", a.period_end as "end",
      a.observed_at as "observedAt"
    from audience a
    where a.environment_id = $1 and a.connection_id = k.connection_id and a.population = k.population and a.dimensions = k.dimensions
    order by a.period_end desc limit 1) as newest
  order by k.connection_id, k.population, k.dimensions`
