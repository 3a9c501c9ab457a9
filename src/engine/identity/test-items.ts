import type { StoredItem } from '../../ports/records.ts'
import { type IdentifiedItem, identifiedItem } from './identified-item.ts'

let count = 0

/** An item with what a test is about and nothing else. Each is seen later than the one before. */
export function itemOf(more: Partial<StoredItem & { provider: string }> = {}): IdentifiedItem {
  const id = `item_${++count}`
  const { provider = 'alpha', ...rest } = more
  const item = {
    ...{ connectionId: 'con_1', kind: 'track', id, title: 'Low Tide' },
    ...{ firstSeenAt: count, seenAt: count, removedAt: null },
    ...rest,
  } satisfies StoredItem
  return identifiedItem(item, provider)
}
