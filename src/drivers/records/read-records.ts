import { type Item, metrics } from '@patchbay/kit'
import type { Sql } from '../../ports/database.ts'
import type {
  Place,
  Records,
  RefusedRow,
  SeriesQuery,
  StoredAudience,
  StoredItem,
  StoredObservation,
} from '../../ports/records.ts'
import { dimensionsKey, parseDimensions } from './observation-rows.ts'

type Columns<T> = T & Record<string, unknown>

export async function readPlaces(
  sql: Sql,
  environmentId: string,
  keys: readonly { connectionId: string; stream: string }[],
): Promise<Place[]> {
  const values = [environmentId, keys.map(({ connectionId }) => connectionId), keys.map(({ stream }) => stream)]
  const { rows } = await sql<Columns<Place>>(selectPlaces, values, 'records.read_places')
  const found = new Map(rows.map((place) => [`${place.connectionId}\n${place.stream}`, place]))
  return keys.map(
    (key) =>
      found.get(`${key.connectionId}\n${key.stream}`) ?? { ...key, cursor: null, checkpoint: null, savedAt: null },
  )
}

const selectPlaces = `
  select p.connection_id as "connectionId", p.stream, cursor, checkpoint, saved_at as "savedAt"
  from unnest($2::text[], $3::text[]) as k (connection_id, stream)
  join place p on p.environment_id = $1 and p.connection_id = k.connection_id and p.stream = k.stream`

const observationColumns = `
  connection_id as "connectionId", stream, item, metric, day, timezone, dimensions, value, reason, provenance, native, version, final,
  observed_at as "observedAt", run_id as "runId", revision`

type ObservationColumns = Columns<Omit<StoredObservation, 'dimensions'> & { item: string; dimensions: string }>

const toObservation = ({ item, dimensions, ...rest }: ObservationColumns): StoredObservation => ({
  ...rest,
  item: item === '' ? null : item,
  dimensions: parseDimensions(dimensions),
})

export async function readSeries(sql: Sql, environmentId: string, query: SeriesQuery): Promise<StoredObservation[]> {
  const { connections, from, to, item, latest, limit } = query
  const wanted = query.metrics.length > 0 ? query.metrics : vocabulary
  const values = [environmentId, connections, wanted, from ?? null, to ?? null, item ?? '', limit]
  const { rows } = latest
    ? await sql<ObservationColumns>(selectLatest, values, 'records.latest')
    : await sql<ObservationColumns>(selectSeries, values, 'records.series')
  return rows.map(toObservation)
}

/** Named one by one, each is a look into the index; left open, every row of every item would be read. */
const vocabulary = Object.keys(metrics)

const seriesWhere = `
  environment_id = $1 and connection_id = any ($2) and metric = any ($3)
  and day >= coalesce($4::date, '-infinity') and day <= coalesce($5::date, 'infinity')
  and ($6 = '*' and item <> '' or item = $6)`

const selectSeries = `
  select ${observationColumns} from observation where ${seriesWhere}
  order by connection_id, metric, item, dimensions, day limit $7`

const selectLatest = `
  select distinct on (connection_id, metric, item, dimensions) ${observationColumns} from observation where ${seriesWhere}
  order by connection_id, metric, item, dimensions, day desc limit $7`

export async function readRevisions(
  sql: Sql,
  environmentId: string,
  key: Parameters<Records['revisions']>[1],
): Promise<StoredObservation[]> {
  const { connectionId, metric, item, day, dimensions } = key
  const values = [environmentId, connectionId, metric, item ?? '', dimensionsKey(dimensions), day]
  const { rows } = await sql<ObservationColumns>(selectRevisions, values, 'records.revisions')
  return rows.map(toObservation)
}

const selectRevisions = `
  select ${observationColumns} from observation_revision
  where environment_id = $1 and connection_id = $2 and metric = $3 and item = $4 and dimensions = $5 and day = $6::date
  order by revision desc`

export async function readItems(
  sql: Sql,
  environmentId: string,
  { connections, kind, after, limit }: Parameters<Records['items']>[1],
): Promise<StoredItem[]> {
  const [connectionId, ...id] = after?.split(':') ?? []
  const values = [environmentId, connections, kind ?? null, connectionId ?? null, id.join(':'), limit]
  const { rows } = await sql<ItemColumns>(selectItems, values, 'records.read_items')
  return rows.map(({ url, imageUrl, publishedAt, durationMs, status, identifiers, ...item }) => ({
    ...item,
    ...(url === null ? {} : { url }),
    ...(imageUrl === null ? {} : { imageUrl }),
    ...(publishedAt === '' ? {} : { publishedAt }),
    ...(durationMs === null ? {} : { durationMs }),
    ...(status === null ? {} : { status }),
    ...(Object.keys(identifiers).length === 0 ? {} : { identifiers }),
  }))
}

interface ItemColumns extends Pick<StoredItem, 'connectionId' | 'firstSeenAt' | 'seenAt' | 'removedAt'> {
  readonly id: string
  readonly kind: Item['kind']
  readonly title: string
  readonly url: string | null
  readonly imageUrl: string | null
  readonly publishedAt: string
  readonly durationMs: number | null
  readonly status: NonNullable<Item['status']> | null
  readonly identifiers: Record<string, string>
  readonly [more: string]: unknown
}

/** Ties are in the order of connection and id, downwards as well, so that one comparison finds where the page before ended. */
const selectItems = `
  select connection_id as "connectionId", id, kind, title, url, image_url as "imageUrl", published_at as "publishedAt",
    duration_ms as "durationMs", status, identifiers, first_seen_at as "firstSeenAt", seen_at as "seenAt", removed_at as "removedAt"
  from item
  where environment_id = $1 and connection_id = any ($2) and ($3::text is null or kind = $3)
    and ($4::text is null or (published_at, connection_id, id) < (
      select last.published_at, last.connection_id, last.id from item last
      where last.environment_id = $1 and last.connection_id = $4 and last.id = $5))
  order by published_at desc, connection_id desc, id desc limit $6`

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

type AudienceColumns = Columns<
  Omit<StoredAudience, 'dimensions' | 'period'> & { dimensions: string; start: string | null; end: string }
>

const selectAudiences = `
  select distinct on (connection_id, population, dimensions) connection_id as "connectionId", population, dimensions, basis, rows,
    period_start as "start", period_end as "end", observed_at as "observedAt"
  from audience where environment_id = $1 and connection_id = any ($2)
  order by connection_id, population, dimensions, period_end desc`

export async function readRefusedRows(
  sql: Sql,
  environmentId: string,
  { connections, stream, limit }: Parameters<Records['refusedRows']>[1],
): Promise<RefusedRow[]> {
  const values = [environmentId, connections, stream ?? null, limit]
  return (await sql<Columns<RefusedRow>>(selectRefused, values, 'records.read_refused')).rows
}

const selectRefused = `
  select connection_id as "connectionId", stream, what, why, run_id as "runId", first_at as "firstAt", at, times
  from refused_row where environment_id = $1 and connection_id = any ($2) and ($3::text is null or stream = $3)
  order by at desc, connection_id, stream, what limit $4`
