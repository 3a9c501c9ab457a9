import type { Item } from '@patchbay/kit'
import type { Sql } from '../../ports/database.ts'
import type { Records, StoredItem } from '../../ports/records.ts'

export async function readItems(
  sql: Sql,
  environmentId: string,
  { connections, kind, except, withIsrc = false, after, limit }: Parameters<Records['items']>[1],
): Promise<StoredItem[]> {
  const [connectionId, ...id] = after?.split(':') ?? []
  const values = [
    environmentId,
    connections,
    kind ?? null,
    connectionId ?? null,
    id.join(':'),
    limit,
    withIsrc,
    except ?? null,
  ]
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
    and ($8::text is null or kind <> $8)
    and (not $7::boolean or exists (
      select from item_isrc c where c.environment_id = $1 and c.connection_id = item.connection_id and c.item = item.id))
    and ($4::text is null or (published_at, connection_id, id) < (
      select last.published_at, last.connection_id, last.id from item last
      where last.environment_id = $1 and last.connection_id = $4 and last.id = $5))
  order by published_at desc, connection_id desc, id desc limit $6`
