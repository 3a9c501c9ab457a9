import { hour, type Stream } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Doubt, Volume } from '../../ports/stream-notes.ts'

/** What one reading gave reason to doubt. */
export type Suspicion = Pick<Doubt, 'kind' | 'says'>

/** What is said again and again, for the better part of a day, is how things are. */
const [acceptedTimes, acceptedMs] = [3, 20 * hour]

/** Whether a platform that keeps saying what cannot be is believed by now. */
export const isAccepted = (doubt: Doubt | null, kind: Doubt['kind'], now: Instant): boolean =>
  doubt !== null && doubt.kind === kind && doubt.times >= acceptedTimes && now - doubt.since >= acceptedMs

/** Whether somebody should have a look: it did not pass by the next reading. */
export const isWorthALook = ({ times, since }: Doubt, now: Instant): boolean => times >= 2 && now - since >= 6 * hour

/** It was doubted before, for the same reason, or is from now on. */
export const doubtedAgain = (before: Doubt | null, { kind, says }: Suspicion, now: Instant): Doubt =>
  before?.kind === kind
    ? { kind, says, since: before.since, times: Math.min(before.times + 1, mostTimes) }
    : { kind, says, since: now, times: 1 }

const mostTimes = 1_000

/** So many readings before it say what is usual. */
const leastHistory = 4
const leastItemHistory = 6
/** The account's own rows are about the same each time; of fewer than that a few more or less are nothing. */
const leastOwn = 8
/** How many items there are goes up and down. */
const leastItems = 20

/**
 * What a whole reading brought, against those before it: nothing or hardly anything, where there always was. Only what is steady can be judged: where a
 * stream reads what happens to be due, or shows what vanishes by itself, little says nothing.
 */
export function judgeVolume(
  stream: Pick<Stream, 'varies' | 'vanishesAfter'>,
  before: readonly Volume[],
  now: Volume,
): Suspicion | null {
  if (stream.varies || before.length < leastHistory) return null
  const own = before.map((volume) => volume.own)
  if (now.own === 0 && Math.min(...own) > 0)
    return {
      kind: 'nothing',
      says: `It brought nothing of the account itself, where there were always ${median(own)} numbers.`,
    }
  if (median(own) >= leastOwn && now.own < median(own) / 4)
    return {
      kind: 'little',
      says: `It brought ${now.own} numbers of the account itself, where there were ${median(own)}.`,
    }
  if (stream.vanishesAfter !== undefined || before.length < leastItemHistory) return null
  const items = before.map((volume) => volume.items)
  if (Math.min(...items) < leastItems || now.items >= median(items) / 10) return null
  return now.items === 0
    ? { kind: 'nothing', says: `It brought no item, where there were always ${median(items)} rows about items.` }
    : { kind: 'little', says: `It brought ${now.items} rows about items, where there were ${median(items)}.` }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)]!
}

/** So many items gone at once, and so large a part of all. */
export const looksVanished = (removed: number, known: number): boolean => removed >= 5 && removed * 2 >= known
