/**
 * `npm run sim -- --seeds 1000 [--seed 1] [--minutes 3] [--story refresh] [--mask a,b] [--only a,b] [--shrink] [--go-on] [--history FILE]
 * [--json]`: plays stories of the whole engine in simulated time, each seed with faults of its own. Ends with 1 at the first broken invariant, and says
 * what it takes to see it again; with `--go-on` it plays all seeds nevertheless, and names each that broke something at once. So it ends with 1 when a
 * hundred seeds of every story have not met each situation of the ledger. `--history` writes down the last events of the last run. With `--mutants
 * [NAME]` it plays against planted bugs instead, each of which has to be caught; with `--quota [--calls 1000000] [--processes 4]` nothing but calls
 * under quotas that processes share; with `--kpis [--artists 1000] [--days 30] [--picture FILE]` a month of a whole installation, and shows every KPI.
 */
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { minute } from '@patchbay/kit'
import { systemClock } from '../src/drivers/clock/system.ts'
import { systemRandom } from '../src/drivers/random/system.ts'
import { writeHistory } from './history-file.ts'
import type { Mask } from './kernel/faults.ts'
import { shrinkFaults } from './kernel/shrink.ts'
import { situations } from './kernel/sometimes.ts'
import { addRun, isCanary, noRuns, playSeed, type Summary } from './play-seeds.ts'
import { describeFailure, describeLedger, nameFailure, neverMet } from './report.ts'
import { turnOf, type WorkerTask } from './seed-worker.ts'
import { stories, storyOf } from './stories/stories.ts'
import { playStory, type StoryResult } from './stories/story.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    story: { type: 'string' },
    mask: { type: 'string' },
    only: { type: 'string' },
    history: { type: 'string' },
    shrink: { type: 'boolean', default: false },
    'go-on': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    kpis: { type: 'boolean', default: false },
    quota: { type: 'boolean', default: false },
    calls: { type: 'string' },
    processes: { type: 'string' },
    artists: { type: 'string' },
    days: { type: 'string' },
    picture: { type: 'string' },
  },
})

const startedAt = systemClock.now()
let toldAt = startedAt

async function playMutants(): Promise<number> {
  const { runMutants } = await import('./mutants/run-mutants.ts')
  return runMutants(positionals, { json: values.json })
}

async function playKpis(): Promise<number> {
  const { playScoreboard } = await import('./kpis/run-scoreboard.ts')
  return playScoreboard(values)
}

async function playQuota(): Promise<number> {
  const { playCalls } = await import('./quota/play-calls.ts')
  const calls = numberOf('calls') ?? 1_000_000
  const tell = (progress: { calls: number; violations: number }) => {
    if (systemClock.now() - toldAt < 10_000) return
    toldAt = systemClock.now()
    say(`${progress.calls} calls, ${progress.violations} too many, ${Math.round((toldAt - startedAt) / 1000)} s`)
  }
  const processes = numberOf('processes') ?? 4
  const played = await playCalls({ calls, processes, seed: values.seed ?? 'quota', tell })
  const { violations, peaks, simulatedMs, ...counts } = played
  const seconds = (systemClock.now() - startedAt) / 1000
  if (values.json) console.log(JSON.stringify({ ...played, violations: violations.slice(0, 100), seconds }))
  for (const { quota, most, limit } of peaks) say(`${quota}: at most ${most} of ${limit} in any window`)
  say(`${JSON.stringify(counts)}, ${Math.round(simulatedMs / 1000)} s simulated in ${seconds.toFixed(1)} s`)
  say(
    violations.length === 0
      ? 'No window was ever exceeded.'
      : `${violations.length} were too many:\n${violations.slice(0, 10).join('\n')}`,
  )
  return violations.length === 0 ? 0 : 1
}

async function playSeeds(): Promise<number> {
  const names = values.story === undefined ? stories.map(({ name }) => name) : [storyOf(values.story).name]
  const first = values.seed ?? String(1 + Math.floor(systemRandom.unit() * 1e9))
  const minutes = numberOf('minutes')
  const untilAt = minutes === null ? null : startedAt + minutes * minute
  const seeds = numberOf('seeds') ?? (untilAt === null ? 100 : 1e9)
  const mask = maskOf(values)
  say(`stories ${names.join(', ')}, from seed ${first}`)
  const task = { stories: names, first, turns: seeds * names.length }
  // A mask and a history are for looking at one run, and starting a second process takes as long as a hundred runs.
  const here = task.turns < 200 || mask || values.history !== undefined
  const summary = here ? await playHere(task, mask, untilAt) : await playInWorkers(task, untilAt)

  for (const failure of summary.failures.slice(0, 3)) {
    const shrunk = values.shrink ? await shrink(failure) : undefined
    say(describeFailure(failure, shrunk))
  }
  const seconds = (systemClock.now() - startedAt) / 1000
  const isPart = values.story !== undefined || mask !== undefined
  const never = summary.failures.length > 0 ? [] : neverMet(summary, { stories: names.length, isPart })
  if (values.json) console.log(JSON.stringify({ ...jsonOf(summary, first, seconds), never }))
  say(describeLedger(summary))
  say(`${summary.seeds} runs in ${seconds.toFixed(1)} s: ${speedOf(summary, seconds)}`)
  say(summary.broken > 0 ? `${summary.broken} runs broke something.` : 'Every invariant held.')
  if (never.length > 0) {
    const said = never.map((name) => `\n  ${name}: ${situations[name]}`).join('')
    say(`The ledger is incomplete. So many runs have to meet each situation, and these were never met:${said}`)
    say('Make them likely enough in sim/kernel/swarm.ts or in a story; what never comes to bear finds nothing.')
  }
  return summary.failures.length > 0 || never.length > 0 ? 1 : 0
}

function numberOf(name: 'seeds' | 'minutes' | 'calls' | 'processes'): number | null {
  const text = values[name]
  if (text === undefined) return null
  if (!/^\d+(\.\d+)?$/.test(text)) throw new Error(`--${name} takes a number, not "${text}".`)
  return Number(text)
}

async function playHere(
  task: Pick<WorkerTask, 'stories' | 'first' | 'turns'>,
  mask: Mask | undefined,
  untilAt: number | null,
): Promise<Summary> {
  const summary = noRuns()
  for (let turn = 0; turn < task.turns && !isOver(summary, untilAt); turn++) {
    const { story, seed } = turnOf(task, turn)
    const events = values.history === undefined ? 50 : 1e6
    const result = await playSeed(storyOf(story), seed, { mask, events, canary: isCanary(turn, task.stories.length) })
    if (values.history !== undefined) writeHistory(values.history, result)
    take(summary, result)
  }
  return summary
}

/** Two processors' worth: each worker takes every second turn. */
async function playInWorkers(
  task: Pick<WorkerTask, 'stories' | 'first' | 'turns'>,
  untilAt: number | null,
): Promise<Summary> {
  const summary = noRuns()
  const step = 2
  const workers = Array.from({ length: step }, (_, offset) => {
    const workerData: WorkerTask = { ...task, step, offset }
    // What a run makes is garbage after it: with more room most of it is never copied, which saves a tenth of the time.
    const resourceLimits = { maxYoungGenerationSizeMb: 192 }
    return new Worker(new URL('./seed-worker.ts', import.meta.url), { workerData, resourceLimits })
  })
  const ends = workers.map(
    (worker) =>
      new Promise<void>((resolve, reject) => {
        worker.on('message', (result: StoryResult) => {
          take(summary, result)
          if (isOver(summary, untilAt)) for (const each of workers) void each.terminate()
        })
        worker.on('error', reject)
        worker.on('exit', () => resolve())
      }),
  )
  await Promise.all(ends)
  return summary
}

function isOver(summary: Summary, untilAt: number | null): boolean {
  const isBroken = summary.failures.length > 0 && !values['go-on']
  return isBroken || (untilAt !== null && systemClock.now() >= untilAt)
}

/** Plays with fewer and fewer faults. What has to stay is the invariant that was broken first. */
function shrink({ story, seed, fired, violations }: StoryResult) {
  return shrinkFaults(fired, async (only) => {
    const { violations: again } = await playStory(storyOf(story), seed, { mask: { only } })
    return again[0]?.invariant === violations[0]!.invariant
  })
}

function maskOf({ mask, only }: { mask?: string; only?: string }): Mask | undefined {
  const names = (text: string) => new Set(text.split(',').filter(Boolean))
  if (mask === undefined && only === undefined) return undefined
  return { ...(mask !== undefined && { off: names(mask) }), ...(only !== undefined && { only: names(only) }) }
}

function take(summary: Summary, result: StoryResult): void {
  addRun(summary, result)
  if (values['go-on'] && result.violations.length > 0) say(nameFailure(result))
  tell(summary)
}

function tell(summary: Summary): void {
  const now = systemClock.now()
  if (now - toldAt < 10_000) return
  toldAt = now
  say(`${summary.seeds} runs, ${speedOf(summary, (now - startedAt) / 1000)}`)
}

function say(text: string): void {
  if (!values.json) console.log(text)
}

const speedOf = ({ seeds, events, simulatedMs }: Summary, seconds: number) =>
  `${(seeds / seconds).toFixed(1)} a second, ${Math.round(events / seconds)} events a second, ${Math.round(simulatedMs / 1000 / seconds)} times real time`

function jsonOf({ failures, sometimes, ...summary }: Summary, first: string, seconds: number) {
  const failed = failures.map(({ story, seed, violations, fired, hash }) => ({ story, seed, violations, fired, hash }))
  return { ...summary, first, seconds, sometimes: Object.fromEntries(sometimes), failures: failed }
}

const play = values.kpis ? playKpis : values.mutants ? playMutants : values.quota ? playQuota : playSeeds
process.exitCode = await play()
