import { codesGiven, type PartialDate } from '@patchbay/kit'
import {
  bySeen,
  earliestDate,
  type IdentifiedItem,
  keyOf,
  placeOf,
  type SeenCode,
  seenCodes,
} from './identified-item.ts'
import { JoinedSets } from './join-sets.ts'

/** One product with the items of all platforms that are it. */
export interface Release {
  /** Of the item that was seen first, as `connection:id`. */
  readonly id: string
  readonly title: string
  readonly gtins: readonly SeenCode[]
  /** As they were given, with those that are no barcode (`gtin` null). The first hundred. */
  readonly barcodes: readonly { readonly raw: string; readonly gtin: string | null; readonly item: string }[]
  readonly mbids: readonly SeenCode[]
  readonly publishedAt: PartialDate | null
  readonly items: readonly IdentifiedItem[]
}

const mostBarcodes = 100

/** Which items are one release: those with the same barcode, whichever form it was written in. Every album is in exactly one release. */
export function groupReleases(given: readonly IdentifiedItem[]): Release[] {
  const items = given.filter(({ kind }) => kind === 'album').sort(bySeen)
  const sets = new JoinedSets(items.length)
  const first = new Map<string, number>()
  for (const [member, item] of items.entries())
    for (const key of [placeOf(item), ...item.codes.gtin]) {
      const known = first.get(key)
      if (known === undefined) first.set(key, member)
      else sets.join(known, member)
    }
  const groups = Map.groupBy(items.keys(), (member) => sets.leaderOf(member))
  return [...groups.values()].map((members) => toRelease(members.map((member) => items[member]!)))
}

const toRelease = (items: readonly IdentifiedItem[]): Release => ({
  id: keyOf(items[0]!),
  title: items[0]!.title,
  gtins: seenCodes(items, 'gtin'),
  barcodes: items
    .flatMap((item) =>
      codesGiven(item.identifiers, 'gtin').map(({ raw, code }) => ({ raw, gtin: code, item: keyOf(item) })),
    )
    .slice(0, mostBarcodes),
  mbids: seenCodes(items, 'mbid'),
  publishedAt: earliestDate(items),
  items,
})
