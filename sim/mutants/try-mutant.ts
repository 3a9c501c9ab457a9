import { parseArgs } from 'node:util'
import { storyOf } from '../stories/stories.ts'
import { playStory } from '../stories/story.ts'
import { mutants } from './mutants.ts'

/**
 * Plays the story that has to catch a planted bug, seed after seed, until it does: `node --import ./sim/mutants/plant.ts sim/mutants/try-mutant.ts NAME`.
 * Says how it went in one line of JSON.
 */
const [name] = parseArgs({ allowPositionals: true }).positionals
const mutant = mutants.find((one) => one.name === name)!
if (!('story' in mutant.caughtBy)) throw new Error(`${name} is caught by a test, which can be run as it is.`)
const { story, invariants, seeds = 150, from = 1 } = mutant.caughtBy
let caught: object | null = null
for (let seed = from; seed < from + seeds && !caught; seed++) {
  const { violations } = await playStory(storyOf(story), `mutant-${seed}`)
  const found = violations.find(({ invariant }) => invariants.includes(invariant))
  if (found) caught = { seed: `mutant-${seed}`, seeds: seed - from + 1, ...found }
}
console.log(JSON.stringify({ caught }))
