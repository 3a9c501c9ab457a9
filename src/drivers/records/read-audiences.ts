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

const selectAudiences = `
  select distinct on (connection_id, population, dimensions) connection_id as "connectionId", population, dimensions, basis, rows,
    period_start as "start", period_end as "end", observed_at as "observedAt"
  from audience where environment_id = $1 and connection_id = any ($2)
  order by connection_id, population, dimensions, period_end desc`
