/** One source of a timeline, newest first: what was read of it, and whether there is more. */
export interface Source<Entry> {
  readonly entries: readonly Entry[]
  readonly more: boolean
}

/**
 * Joins several histories into one, newest first. Where a source has more than was read, the others are cut at its oldest entry: below that line
 * something may be missing, and a history with holes is worse than a short one.
 */
export function mergeTimeline<Entry extends { at: number }>(sources: readonly Source<Entry>[]): Entry[] {
  const horizon = Math.max(
    ...sources.filter(({ more, entries }) => more && entries.length > 0).map(({ entries }) => entries.at(-1)!.at),
    Number.NEGATIVE_INFINITY,
  )
  return sources
    .flatMap(({ entries }) => entries)
    .filter(({ at }) => at >= horizon)
    .sort((a, b) => b.at - a.at)
}
