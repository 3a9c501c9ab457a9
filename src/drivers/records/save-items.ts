import type { Item } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Sql } from '../../ports/database.ts'
import type { SavedPage } from '../../ports/records.ts'
import { arrayLiteral } from './array-literal.ts'
import { isrcsOf, itemFields, toItemRows, toRemovedIds } from './item-rows.ts'

/** Writes items that are new, changed, back, or were not seen for a day; marks removed ones. Returns how many were written, which are new and which went. */
export async function saveItems(
  sql: Sql,
  environmentId: string,
  pages: readonly SavedPage[],
  at: Instant,
): Promise<{ written: number; fresh: { connectionId: string; item: Item }[]; gone: Gone[] }> {
  const rows = toItemRows(pages)
  const removed = toRemovedIds(pages)
  let written: { connectionId: string; id: string; fresh: boolean }[] = []
  if (rows.length > 0)
    written = (await sql<Written>(upsert, [environmentId, new Date(at), ...toColumns(rows)], 'records.items')).rows
  await saveIsrcs(sql, environmentId, rows, written)
  let gone: Gone[] = []
  if (removed.length > 0) {
    const columns = [removed.map(({ connectionId }) => connectionId), removed.map(({ id }) => id)].map(arrayLiteral)
    gone = (await sql<Gone>(markRemoved, [environmentId, new Date(at), ...columns], 'records.removed')).rows
  }
  const fresh = new Set(written.filter((row) => row.fresh).map(({ connectionId, id }) => `${connectionId}\n${id}`))
  return {
    written: written.length + gone.length,
    gone,
    fresh: rows.filter(({ connectionId, item }) => fresh.has(`${connectionId}\n${item.id}`)),
  }
}

/**
 * Keeps beside the items which ISRCs they have, in their one form: an index over what they say themselves could not be used under row level security,
 * since the functions that it needs may leak what they see.
 */
async function saveIsrcs(
  sql: Sql,
  environmentId: string,
  rows: readonly { connectionId: string; item: Item }[],
  written: readonly Written[],
): Promise<void> {
  const changed = new Set(written.map(({ connectionId, id }) => `${connectionId}\n${id}`))
  const codes = rows
    .filter(({ connectionId, item }) => changed.has(`${connectionId}\n${item.id}`))
    .flatMap(({ connectionId, item }) => isrcsOf(item).map((isrc) => ({ connectionId, id: item.id, isrc })))
  const kept = [codes.map(({ connectionId }) => connectionId), codes.map(({ id }) => id), codes.map(({ isrc }) => isrc)]
  const old = written.filter(({ fresh }) => !fresh)
  if (old.length > 0) {
    const columns = [old.map(({ connectionId }) => connectionId), old.map(({ id }) => id)]
    await sql(deleteIsrcs, [environmentId, ...[...columns, ...kept].map(arrayLiteral)], 'records.isrcs_gone')
  }
  if (codes.length > 0) await sql(insertIsrcs, [environmentId, ...kept.map(arrayLiteral)], 'records.isrcs')
}

type Gone = { connectionId: string; id: string } & Record<string, unknown>
type Written = { connectionId: string; id: string; fresh: boolean } & Record<string, unknown>

function toColumns(rows: readonly { connectionId: string; item: Item }[]): string[] {
  const fields = rows.map(({ connectionId, item }) => ({ connectionId, id: item.id, ...itemFields(item) }))
  return [
    fields.map((row) => row.connectionId),
    fields.map((row) => row.id),
    fields.map((row) => row.kind),
    fields.map((row) => row.title),
    fields.map((row) => row.url),
    fields.map((row) => row.imageUrl),
    fields.map((row) => row.publishedAt),
    fields.map((row) => row.durationMs),
    fields.map((row) => row.status),
    fields.map((row) => JSON.stringify(row.identifiers)),
  ].map(arrayLiteral)
}

const upsert = `
  insert into item as i (
    environment_id, first_seen_at, seen_at, connection_id, id, kind, title, url, image_url, published_at, duration_ms, status, identifiers)
  select $1, $2::timestamptz, $2::timestamptz, incoming.*
  from unnest(
    $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::text[], $12::jsonb[]) as incoming
  on conflict (environment_id, connection_id, id) do update set
    kind = excluded.kind, title = excluded.title, url = excluded.url, image_url = excluded.image_url, published_at = excluded.published_at,
    duration_ms = excluded.duration_ms, status = excluded.status, identifiers = excluded.identifiers, seen_at = excluded.seen_at,
    removed_at = null
  where i.seen_at <= excluded.seen_at and (
    (i.kind, i.title, i.url, i.image_url, i.published_at, i.duration_ms, i.status, i.identifiers) is distinct from
    (excluded.kind, excluded.title, excluded.url, excluded.image_url, excluded.published_at, excluded.duration_ms, excluded.status, excluded.identifiers)
    or i.removed_at is not null or i.seen_at <= excluded.seen_at - interval '1 day')
  returning connection_id as "connectionId", id, xmax = 0 as fresh`

const markRemoved = `
  update item set removed_at = $2::timestamptz
  from unnest($3::text[], $4::text[]) as gone (connection_id, id)
  where item.environment_id = $1 and item.connection_id = gone.connection_id and item.id = gone.id
    and item.seen_at <= $2 and item.removed_at is null
  returning item.connection_id as "connectionId", item.id`

const deleteIsrcs = `
  delete from item_isrc i using unnest($2::text[], $3::text[]) as changed (connection_id, id)
  where i.environment_id = $1 and i.connection_id = changed.connection_id and i.item = changed.id and not exists (
    select from unnest($4::text[], $5::text[], $6::text[]) as kept (connection_id, id, isrc)
    where kept.connection_id = i.connection_id and kept.id = i.item and kept.isrc = i.isrc)`

const insertIsrcs = `
  insert into item_isrc (environment_id, connection_id, item, isrc)
  select $1, connection_id, item, isrc from unnest($2::text[], $3::text[], $4::text[]) as incoming (connection_id, item, isrc)
  order by connection_id, item, isrc on conflict do nothing`
