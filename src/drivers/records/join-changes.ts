import type { Item } from '@patchbay/kit'
import type { Change } from '../../ports/records.ts'

/** What became of one connection's observations in a save. */
export interface ObservationChange extends Pick<Change, 'inserted' | 'restated' | 'replaced'> {
  readonly connectionId: string
}

/** Observations, new items and those that went, of one connection, are one change. */
export function joinChanges(
  observations: readonly ObservationChange[],
  fresh: readonly { readonly connectionId: string; readonly item: Item }[],
  gone: readonly { readonly connectionId: string; readonly id: string }[],
): Change[] {
  const ids = [...new Set([...observations, ...fresh, ...gone].map(({ connectionId }) => connectionId))].sort()
  return ids.map((connectionId) => ({
    ...(observations.find((change) => change.connectionId === connectionId) ?? nothing),
    connectionId,
    newItems: fresh.flatMap((row) => (row.connectionId === connectionId ? [row.item] : [])).slice(0, 100),
    removedItems: gone
      .flatMap((row) => (row.connectionId === connectionId ? [row.id] : []))
      .sort()
      .slice(0, 100),
  }))
}

const nothing = { inserted: 0, restated: 0, replaced: [] }
