import type { PartialDate } from '@patchbay/kit'
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

/** Why two items are one recording. `same_item`: they are one thing on its platform, reached through two connections. */
export interface Joined {
  readonly rule: 'isrc_and_duration' | 'isrc_and_mbid' | 'same_item'
  readonly code: string | null
  /** As `connection:id`. */
  readonly items: readonly [string, string]
}

/** One recording with the items of all platforms that are it. */
export interface Recording {
  /** Of the item that was seen first, as `connection:id`. */
  readonly id: string
  readonly title: string
  readonly isrcs: readonly (SeenCode & {
    /** How many other recordings have this ISRC, too: it stands on different audio, and joins nothing by itself. */
    readonly others: number
  })[]
  readonly mbids: readonly SeenCode[]
  readonly durationMs: number | null
  readonly publishedAt: PartialDate | null
  readonly items: readonly IdentifiedItem[]
  /** The first hundred. */
  readonly joined: readonly Joined[]
}

/** Two platforms cut silence and round differently; what lies further apart under one ISRC is another edit or a mistake. */
export const mostApartMs = 3000

const mostJoined = 100

/**
 * Which items are one recording. An ISRC alone joins nothing, since it is put on edits, live takes and whole albums by mistake: beside it two items are
 * within three seconds of each other, or have the same MBID. A recording may have several ISRCs, as after a second registration, when an item has both.
 * Every item is in exactly one recording, in whatever order they come.
 */
export function groupRecordings(given: readonly IdentifiedItem[]): Recording[] {
  const items = given.filter(isRecorded).sort(bySeen)
  const sets = new JoinedSets(items.length)
  const reasons: { member: number; joined: Joined }[] = []
  const join = (rule: Joined['rule'], code: string | null, one: number, other: number) => {
    sets.join(one, other)
    reasons.push({ member: one, joined: { rule, code, items: [keyOf(items[one]!), keyOf(items[other]!)] } })
  }
  for (const same of membersBy(items, (item) => [placeOf(item)]).values())
    for (const other of same.slice(1)) join('same_item', null, same[0]!, other)
  for (const [isrc, members] of membersBy(items, ({ codes }) => codes.isrc)) {
    for (const [one, other] of closeInLength(items, members)) join('isrc_and_duration', isrc, one, other)
    const byMbid = membersBy(items, ({ codes }) => codes.mbid, members)
    for (const same of byMbid.values()) for (const other of same.slice(1)) join('isrc_and_mbid', isrc, same[0]!, other)
  }

  const groups = Map.groupBy(items.keys(), (member) => sets.leaderOf(member))
  const why = Map.groupBy(reasons, ({ member }) => sets.leaderOf(member))
  const recordings = [...groups].map(([leader, members]) =>
    toRecording(
      members.map((member) => items[member]!),
      (why.get(leader) ?? []).slice(0, mostJoined).map(({ joined }) => joined),
    ),
  )
  const uses = new Map<string, number>()
  for (const { isrcs } of recordings) for (const { code } of isrcs) uses.set(code, (uses.get(code) ?? 0) + 1)
  return recordings.map((recording) => ({
    ...recording,
    isrcs: recording.isrcs.map((isrc) => ({ ...isrc, others: uses.get(isrc.code)! - 1 })),
  }))
}

/** A track is a recording, whether or not anybody gave it a code; a video or a post is one where it has one. */
const isRecorded = ({ kind, codes }: IdentifiedItem) =>
  kind === 'track' || (kind !== 'album' && kind !== 'playlist' && kind !== 'event' && codes.isrc.length > 0)

function membersBy(
  items: readonly IdentifiedItem[],
  keysOf: (item: IdentifiedItem) => readonly string[],
  among: Iterable<number> = items.keys(),
): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (const member of among)
    for (const key of keysOf(items[member]!)) {
      const list = found.get(key)
      if (list) list.push(member)
      else found.set(key, [member])
    }
  return found
}

/**
 * Neighbours in length, cut so that no group is longer than three seconds from its shortest to its longest: otherwise a row of items, each a little
 * longer than the one before, would tie a radio edit to the album version. What has no length is close to nothing.
 */
function* closeInLength(items: readonly IdentifiedItem[], members: readonly number[]): Iterable<[number, number]> {
  const lengthOf = (member: number) => items[member]!.durationMs!
  const known = members.filter((member) => items[member]!.durationMs !== undefined)
  known.sort((one, other) => lengthOf(one) - lengthOf(other) || one - other)
  let first: number | undefined
  for (const member of known)
    if (first !== undefined && lengthOf(member) - lengthOf(first) <= mostApartMs) yield [first, member]
    else first = member
}

/** `items` in the order in which they were seen. */
const toRecording = (items: readonly IdentifiedItem[], joined: readonly Joined[]) => ({
  id: keyOf(items[0]!),
  title: items[0]!.title,
  isrcs: seenCodes(items, 'isrc'),
  mbids: seenCodes(items, 'mbid'),
  durationMs: items.find(({ durationMs }) => durationMs !== undefined)?.durationMs ?? null,
  publishedAt: earliestDate(items),
  items,
  joined,
})
