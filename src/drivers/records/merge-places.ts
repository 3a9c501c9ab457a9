import type { Json } from '@patchbay/kit'
import type { SavedPage } from '../../ports/records.ts'

/** What pages say about one place. `undefined` leaves it as it is, null clears it. */
export interface PlaceChange {
  readonly connectionId: string
  readonly stream: string
  readonly cursor: Json | null | undefined
  readonly checkpoint: Json | null | undefined
}

/** One change a place, in the order of their keys, so that two writers wait for each other and never in a circle. The later page wins. */
export function mergePlaces(pages: readonly SavedPage[]): PlaceChange[] {
  const places = new Map<string, PlaceChange>()
  for (const { connectionId, stream: ofRows, walk, cursor, checkpoint } of pages) {
    const stream = walk ?? ofRows
    if (cursor === undefined && checkpoint === undefined) continue
    const key = `${connectionId}\n${stream}`
    const before = places.get(key)
    places.set(key, {
      connectionId,
      stream,
      cursor: cursor === undefined ? before?.cursor : cursor,
      checkpoint: checkpoint === undefined ? before?.checkpoint : checkpoint,
    })
  }
  return [...places].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, place]) => place)
}
