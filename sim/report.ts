import { execFileSync } from 'node:child_process'
import { notApplicable, type Situation, situations } from './kernel/sometimes.ts'
import type { Summary } from './play-seeds.ts'
import type { StoryResult } from './stories/story.ts'

/** A failure in a line, for a run that goes on. */
export const nameFailure = ({ story, seed, violations: [first] }: StoryResult) =>
  `VIOLATION in story ${story}, seed ${seed}: ${first!.invariant} at ${time(first!.at)}: ${first!.says}`

/** All that it takes to see a failure again. */
export function describeFailure(result: StoryResult, shrunk?: { faults: readonly string[]; runs: number }): string {
  const { story, seed, violations, fired, last } = result
  const mask = shrunk ? `\nneeds only ${shrunk.faults.length} of ${fired.length} faults (${shrunk.runs} runs):` : ''
  const faults = shrunk ? shrunk.faults.map((fault) => `\n  ${fault}`).join('') : ''
  const only = shrunk ? ` --only '${shrunk.faults.join(',')}'` : ''
  return [
    `\nVIOLATION in story ${story}, seed ${seed}, commit ${commit()}`,
    ...violations.slice(0, 5).map(({ invariant, says, at }) => `  ${invariant} at ${time(at)}: ${says}`),
    `${fired.length} faults fired.${mask}${faults}`,
    `again: npm run sim -- --story ${story} --seed ${seed} --seeds 1${only}${shrunk ? '' : ' --shrink'}`,
    `the last ${last.length} events:`,
    ...last.map(({ at, who, what, detail }) => `  ${time(at)} ${who} ${what} ${detail}`),
  ].join('\n')
}

/** Each rare situation with how often it was met, those of other stories and of parts that do not exist yet included. */
export function describeLedger({ sometimes }: Summary): string {
  const rows = Object.keys(situations).map((name) => {
    const count = sometimes.get(name as Situation) ?? 0
    return `  ${String(count).padStart(7)}  ${name}${count === 0 ? '  ← never' : ''}`
  })
  const missing = Object.entries(notApplicable).map(([name, why]) => `        –  ${name}: ${why}`)
  return ['sometimes:', ...rows, ...missing].join('\n')
}

/**
 * Situations that a run should have met and did not: none where it was too short to meet all, or showed only a part. A fault that never comes to bear
 * proves nothing.
 */
export function neverMet({ seeds, sometimes }: Summary, run: { stories: number; isPart: boolean }): Situation[] {
  if (run.isPart || seeds < leastSeeds * run.stories) return []
  return (Object.keys(situations) as Situation[]).filter((name) => !sometimes.get(name))
}

/** Of each story. In so many each situation comes up a few times. */
const leastSeeds = 100

const time = (at: number) => new Date(at).toISOString().slice(0, 23).replace('T', ' ')

/** Which source this is; unknown where there is no repository. */
function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return 'unknown'
  }
}
