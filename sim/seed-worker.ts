import { parentPort, workerData } from 'node:worker_threads'
import { canaryEvery, playSeed } from './play-seeds.ts'
import { storyOf } from './stories/stories.ts'

/** What a worker is told when it starts: every so many-th turn is its own. */
export interface WorkerTask {
  readonly stories: readonly string[]
  readonly first: number
  readonly step: number
  readonly offset: number
  readonly turns: number
}

/** Turns go through the stories, and with each round to the next seed. */
export function turnOf(task: Pick<WorkerTask, 'stories' | 'first'>, turn: number): { story: string; seed: string } {
  const { length } = task.stories
  return { story: task.stories[turn % length]!, seed: String(task.first + Math.floor(turn / length)) }
}

const task = workerData as WorkerTask | null
if (parentPort && task)
  for (let turn = task.offset; turn < task.turns; turn += task.step) {
    const { story, seed } = turnOf(task, turn)
    const canary = turn % canaryEvery === 0
    parentPort.postMessage(await playSeed(storyOf(story), seed, { canary }))
  }
