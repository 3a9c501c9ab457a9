import { codesOf, type Item } from '@patchbay/kit'
import type { SavedPage } from '../../ports/records.ts'
import { storable } from './storable.ts'

/** One item an id, the last of one call; what is named as removed in the same call is removed. */
export function toItemRows(pages: readonly SavedPage[]): { connectionId: string; item: Item }[] {
  const rows = new Map<string, { connectionId: string; item: Item }>()
  for (const { connectionId, items } of pages)
    for (const item of items) {
      const clean = storable(item)
      rows.set(`${connectionId}\n${clean.id}`, { connectionId, item: clean })
    }
  return [...rows.values()]
}

export function toRemovedIds(pages: readonly SavedPage[]): { connectionId: string; id: string }[] {
  return pages.flatMap(({ connectionId, removed }) => removed.map((id) => ({ connectionId, id: storable(id) })))
}

/** What of a stored item a new reading may change. */
export const itemFields = (item: Item) => ({
  kind: item.kind,
  title: item.title,
  url: item.url ?? null,
  imageUrl: item.imageUrl ?? null,
  publishedAt: item.publishedAt ?? '',
  durationMs: item.durationMs ?? null,
  status: item.status ?? null,
  identifiers: item.identifiers ?? {},
})

/** The ISRCs of an item, in their one form. */
export const isrcsOf = ({ identifiers }: Item) => codesOf(identifiers, 'isrc')
