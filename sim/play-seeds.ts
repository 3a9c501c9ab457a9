import type { Situation } from './kernel/sometimes.ts'
import { type PlayOptions, playStory, type Story, type StoryResult } from './stories/story.ts'

/** What many runs come to. */
export interface Summary {
  seeds: number
  events: number
  simulatedMs: number
  readonly sometimes: Map<Situation, number>
  /** How many runs broke something. */
  broken: number
  /** Runs that broke something, the first few. */
  readonly failures: StoryResult[]
}

export const noRuns = (): Summary => ({
  seeds: 0,
  events: 0,
  simulatedMs: 0,
  sometimes: new Map(),
  broken: 0,
  failures: [],
})

export function addRun(summary: Summary, result: StoryResult): void {
  summary.seeds++
  summary.events += result.events
  summary.simulatedMs += result.simulatedMs
  for (const [situation, count] of result.sometimes)
    summary.sometimes.set(situation, (summary.sometimes.get(situation) ?? 0) + count)
  if (result.violations.length === 0) return
  summary.broken++
  if (summary.failures.length < mostFailures) summary.failures.push(result)
}

const mostFailures = 20

/** Every so many-th seed is played twice, in every story: the same seed has to give the same run. */
export const isCanary = (turn: number, stories: number) => Math.floor(turn / stories) % 25 === 0

/** Plays one seed, twice where its turn has come. That the second run is another one is a violation like any other. */
export async function playSeed(
  story: Story,
  seed: string,
  options: PlayOptions & { canary?: boolean } = {},
): Promise<StoryResult> {
  const result = await playStory(story, seed, options)
  if (!options.canary) return result
  const again = await playStory(story, seed, options)
  if (again.hash === result.hash) return result
  const says = `seed ${seed} ran differently the second time: ${result.events} events and ${again.events}`
  return { ...result, violations: [...result.violations, { invariant: 'determinism', says, at: 0 }] }
}
