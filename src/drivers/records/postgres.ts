import type { Database, Sql } from '../../ports/database.ts'
import type { Records } from '../../ports/records.ts'
import { writeAlong } from '../along/postgres.ts'
import { eraseConnection } from './erase-connection.ts'
import { joinChanges } from './join-changes.ts'
import { toObservationRows } from './observation-rows.ts'
import { readAudiences } from './read-audiences.ts'
import { readFacts } from './read-facts.ts'
import { readHistory } from './read-history.ts'
import { readItems } from './read-items.ts'
import { readNewest } from './read-newest.ts'
import { readPlaces } from './read-places.ts'
import { readRefusedRows } from './read-refused-rows.ts'
import { readSeries } from './read-series.ts'
import { readIsrcs, readSharing } from './read-sharing.ts'
import { readStep } from './read-step.ts'
import { saveAudiences } from './save-audiences.ts'
import { saveFacts } from './save-facts.ts'
import { saveItems } from './save-items.ts'
import { saveObservations } from './save-observations.ts'
import { savePlaces } from './save-places.ts'
import { saveRefusedRows } from './save-refused-rows.ts'

/** Records in PostgreSQL. A save is one transaction with everything that belongs to it. */
export function openPostgresRecords(database: Database): Records {
  return {
    save: (environmentId, pages, along) =>
      database.tenant(environmentId, async (sql) => {
        const { at } = along
        const rows = toObservationRows(pages)
        await savePlaces(sql, environmentId, pages, at)
        const observations = await saveObservations(sql, environmentId, rows, at)
        const items = await saveItems(sql, environmentId, pages, at)
        await saveAudiences(sql, environmentId, pages, at)
        await saveFacts(sql, environmentId, pages, at)
        await saveRefusedRows(sql, environmentId, pages, at)
        await writeAlong(
          sql,
          environmentId,
          'of' in along ? along.of(joinChanges(observations, items.fresh, items.gone)) : along,
        )
        const inserted = sum(observations.map((change) => change.inserted))
        const restated = sum(observations.map((change) => change.restated))
        return {
          inserted,
          restated,
          unchanged: rows.length - inserted - restated,
          items: items.written,
          refused: sum(pages.map(({ refused }) => refused.length)),
        }
      }),

    places: (environmentId, keys) => database.tenant(environmentId, (sql) => readPlaces(sql, environmentId, keys)),
    forgetPlaces: (environmentId, connectionId, { stream, all }) =>
      database.tenant(environmentId, (sql) => forgetPlaces(sql, [environmentId, connectionId, stream ?? null, all])),
    removePlaces: (environmentId, keys) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, keys.map(({ connectionId }) => connectionId), keys.map(({ stream }) => stream)]
        return (await sql(deletePlaces, values, 'records.remove_places')).count
      }),
    series: (environmentId, query) => database.tenant(environmentId, (sql) => readSeries(sql, environmentId, query)),
    newest: (environmentId, query) => database.tenant(environmentId, (sql) => readNewest(sql, environmentId, query)),
    scan: (environmentId, query) => database.tenant(environmentId, (sql) => readStep(sql, environmentId, query)),
    history: (environmentId, key, page) =>
      database.tenant(environmentId, (sql) => readHistory(sql, environmentId, key, page)),
    items: (environmentId, query) => database.tenant(environmentId, (sql) => readItems(sql, environmentId, query)),
    audiences: (environmentId, connections) =>
      database.tenant(environmentId, (sql) => readAudiences(sql, environmentId, connections)),
    facts: (environmentId, connections) =>
      database.tenant(environmentId, (sql) => readFacts(sql, environmentId, connections)),
    isrcs: (environmentId, connectionId, limit) =>
      database.tenant(environmentId, (sql) => readIsrcs(sql, [environmentId, connectionId, limit])),
    sharing: (environmentId, query) => database.tenant(environmentId, (sql) => readSharing(sql, environmentId, query)),
    erase: (environmentId, connectionId) => eraseConnection(database, environmentId, connectionId),
    refusedRows: (environmentId, query) =>
      database.tenant(environmentId, (sql) => readRefusedRows(sql, environmentId, query)),
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

const deletePlaces = `
  delete from place using unnest($2::text[], $3::text[]) as k (connection_id, stream)
  where environment_id = $1 and place.connection_id = k.connection_id and place.stream = k.stream`

async function forgetPlaces(sql: Sql, values: unknown[]): Promise<void> {
  const text = `
    update place set checkpoint = null, cursor = case when $4 then null else cursor end
    where environment_id = $1 and connection_id = $2 and ($3::text is null or stream = $3)`
  await sql(text, values, 'records.forget_places')
}
