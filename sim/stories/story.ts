import type { Mask } from '../kernel/faults.ts'
import type { HistoryEvent } from '../kernel/history.ts'
import { Kernel, type Violation } from '../kernel/kernel.ts'
import type { Situation } from '../kernel/sometimes.ts'

/** A whole run, as far as anybody asks about it. */
export interface StoryResult {
  readonly story: string
  readonly seed: string
  readonly violations: readonly Violation[]
  /** Names of the faults that fired. */
  readonly fired: readonly string[]
  /** Equal for two runs exactly when they were the same. */
  readonly hash: string
  readonly events: number
  readonly simulatedMs: number
  readonly sometimes: ReadonlyMap<Situation, number>
  readonly last: readonly HistoryEvent[]
}

export interface Story {
  readonly name: string
  readonly summary: string
  readonly startAt: (seed: string) => number
  /** Everything that happens, inside the time of the kernel. Violations are noted in it as they come. */
  readonly play: (kernel: Kernel) => Promise<void>
}

export interface PlayOptions {
  readonly mask?: Mask
  /** How many of the last events to keep in the result. */
  readonly events?: number
}

/** Plays a story once. What the engine throws where nothing may be thrown is a violation too. */
export async function playStory(
  story: Story,
  seed: string,
  { mask, events = 50 }: PlayOptions = {},
): Promise<StoryResult> {
  const startAt = story.startAt(seed)
  const kernel = new Kernel(`${story.name}/${seed}`, startAt, mask)
  try {
    await kernel.clock.run(() => story.play(kernel), { limitMs: 400 * 86_400_000 })
  } catch (error) {
    kernel.violate('B01', error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  return {
    story: story.name,
    seed,
    violations: kernel.violations,
    fired: kernel.faults.fired,
    hash: kernel.history.hash,
    events: kernel.history.count,
    simulatedMs: kernel.now() - startAt,
    sometimes: kernel.sometimes.counts,
    last: kernel.history.last(events),
  }
}
