import { dayMs, type Refusals } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { RefusedMetric, StreamNote } from '../../ports/stream-notes.ts'

/** A refused metric is asked for again after a day, and each time that it is refused again after twice as long. */
const firstWaitMs = dayMs
const longestWaitMs = 16 * dayMs
/** More are some other trouble than metrics that were removed. */
const mostRefused = 50

/** What one reading hears about metrics that its platform refuses. */
export class HeardRefusals implements Refusals {
  readonly known: ReadonlySet<string>
  readonly refused = new Map<string, string>()
  readonly given = new Set<string>()

  constructor(notes: readonly Pick<StreamNote, 'refused'>[], now: Instant) {
    const all = notes.flatMap(({ refused }) => refused)
    this.known = new Set(all.filter(({ retryAt }) => retryAt > now).map(({ name }) => name))
  }

  refuse(name: string, why: string): void {
    this.refused.set(name, why.slice(0, 300))
    this.given.delete(name)
  }

  give(names: readonly string[]): void {
    for (const name of names) {
      this.given.add(name)
      this.refused.delete(name)
    }
  }
}

export interface RefusalNews {
  readonly note: StreamNote
  /** Refused for the first time. */
  readonly lost: readonly RefusedMetric[]
  /** Refused before, and given now. */
  readonly back: readonly string[]
}

/** What is remembered of it. */
export function noteRefusals(note: StreamNote, heard: HeardRefusals | undefined, now: Instant): RefusalNews {
  if (!heard || (heard.refused.size === 0 && note.refused.length === 0)) return { note, lost: [], back: [] }
  const before = new Map(note.refused.map((one) => [one.name, one]))
  const again = [...heard.refused].map(([name, why]): RefusedMetric => {
    const known = before.get(name)
    const since = known?.since ?? now
    const waitMs = known ? Math.min(longestWaitMs, Math.max(firstWaitMs, now - since) * 2) : firstWaitMs
    return { name, why, since, retryAt: now + waitMs }
  })
  const back = note.refused.map(({ name }) => name).filter((name) => heard.given.has(name))
  const stay = note.refused.filter(({ name }) => !heard.given.has(name) && !heard.refused.has(name))
  const refused = [...stay, ...again].slice(-mostRefused)
  return { note: { ...note, refused }, lost: again.filter(({ name }) => !before.has(name)), back }
}
