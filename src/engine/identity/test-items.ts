import type { IdentifiedItem } from './identified-item.ts'

let count = 0

/** An item with what a test is about and nothing else. Each is seen later than the one before. */
export function itemOf(more: Partial<IdentifiedItem> = {}): IdentifiedItem {
  const id = `item_${++count}`
  return {
    ...{ provider: 'alpha', connectionId: 'con_1', kind: 'track', id, title: 'Low Tide' },
    ...{ firstSeenAt: count, seenAt: count, removedAt: null },
    ...more,
  }
}
