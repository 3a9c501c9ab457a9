import { parentPort, workerData } from 'node:worker_threads'
import { isCanary, playSeed } from './play-seeds.ts'
import { storyOf } from './stories/stories.ts'

/** What a worker is told when it starts: every so many-th turn is its own. */
export interface WorkerTask {
  readonly stories: readonly string[]
  /** A number, or a text that ends in one. */
  readonly first: string
  readonly step: number
  readonly offset: number
  readonly turns: number
}

/** Turns go through the stories, and with each round to the next seed: after `fixed-1` comes `fixed-2`. */
export function turnOf(
  { stories, first }: Pick<WorkerTask, 'stories' | 'first'>,
  turn: number,
): { story: string; seed: string } {
  const [, prefix, number] = counted.exec(first) ?? []
  if (number === undefined) throw new Error(`A seed ends in a number, as 7 and fixed-7 do, and not "${first}".`)
  const round = Math.floor(turn / stories.length)
  return { story: stories[turn % stories.length]!, seed: `${prefix}${Number(number) + round}` }
}

/** Zeros before the number, and digits beyond those that can be added to, stay in the text before it: the first seed is the one that was asked for. */
const counted = /^(.*?)(0|[1-9]\d{0,14})$/

const task = workerData as WorkerTask | null
if (parentPort && task)
  for (let turn = task.offset; turn < task.turns; turn += task.step) {
    const { story, seed } = turnOf(task, turn)
    const canary = isCanary(turn, task.stories.length)
    parentPort.postMessage(await playSeed(storyOf(story), seed, { canary }))
  }
