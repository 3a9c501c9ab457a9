import { codesOf, type PartialDate, parsePartialDate } from '@patchbay/kit'
import type { StoredItem } from '../../ports/records.ts'

/** An item with the platform that it is on and its codes, each kind in its one form. */
export interface IdentifiedItem extends StoredItem {
  readonly provider: string
  readonly codes: Readonly<Record<ItemCode, readonly string[]>>
}

export type ItemCode = 'isrc' | 'gtin' | 'mbid'

/** Reads the codes of an item: once, since they are compared again and again. */
export const identifiedItem = (item: StoredItem, provider: string): IdentifiedItem => ({
  ...item,
  provider,
  codes:
    item.identifiers === undefined
      ? noCodes
      : {
          isrc: codesOf(item.identifiers, 'isrc'),
          gtin: codesOf(item.identifiers, 'gtin'),
          mbid: codesOf(item.identifiers, 'mbid'),
        },
})

const noCodes = { isrc: [], gtin: [], mbid: [] }

/** Where a code was seen first. */
export interface SeenCode {
  readonly code: string
  readonly firstSeen: {
    readonly provider: string
    readonly connection: string
    readonly item: string
    readonly at: number
  }
}

/** Of one platform and in one form: the same thing is met again through every connection that reaches it. */
export const placeOf = ({ provider, kind, id }: IdentifiedItem) => JSON.stringify([provider, kind, id])

/** The item that was seen first says what a group of them is called; later ones change neither its name nor its id. */
export function bySeen(one: IdentifiedItem, other: IdentifiedItem): number {
  if (one.firstSeenAt !== other.firstSeenAt) return one.firstSeenAt - other.firstSeenAt
  return keyOf(one) < keyOf(other) ? -1 : 1
}

export const keyOf = ({ connectionId, id }: Pick<IdentifiedItem, 'connectionId' | 'id'>) => `${connectionId}:${id}`

/** The codes of several items, each with who said it first. `items` in the order of `bySeen`. */
export function seenCodes(items: readonly IdentifiedItem[], kind: ItemCode): SeenCode[] {
  const found = new Map<string, SeenCode>()
  for (const { provider, connectionId, id, firstSeenAt, codes } of items)
    for (const code of codes[kind])
      if (!found.has(code))
        found.set(code, { code, firstSeen: { provider, connection: connectionId, item: id, at: firstSeenAt } })
  return [...found.values()].sort((one, other) => (one.code < other.code ? -1 : 1))
}

/** The earliest date that any of them gives; a less precise one gives way to the earliest of the most precise that lie in it. */
export function earliestDate(items: readonly IdentifiedItem[]): PartialDate | null {
  const dates = items
    .flatMap(({ publishedAt }) => parsePartialDate(publishedAt) ?? [])
    .sort((one, other) => (one.value < other.value ? -1 : one.value > other.value ? 1 : 0))
  const [first] = dates
  if (!first) return null
  const within = dates.filter(({ value }) => value.startsWith(first.value))
  const longest = Math.max(...within.map(({ value }) => value.length))
  return within.find(({ value }) => value.length === longest)!
}
