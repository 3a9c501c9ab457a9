import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import corpus from './corpus.json' with { type: 'json' }
import { describeFailure } from './report.ts'
import { stories, storyOf } from './stories/stories.ts'
import { playStory, type Story, type StoryResult } from './stories/story.ts'

/** Enough to meet the common troubles, few enough for every run of the tests. CI plays 120 of each, a night tens of thousands. */
const seedsOfEach = 12

suite('simulation', () => {
  for (const story of stories)
    test(`${story.name}: ${story.summary}`, async () => {
      let fired = 0
      for (let seed = 1; seed <= seedsOfEach; seed++) fired += (await holds(story, `fixed-${seed}`)).fired.length
      assert.ok(fired > 10 * seedsOfEach, `${fired} faults fired only`)
    })

  test('what once failed holds', async () => {
    for (const { story, seed } of corpus) await holds(storyOf(story), seed)
  })

  for (const story of stories)
    test(`${story.name}: the same seed gives the same run, to the last event, and another seed another`, async () => {
      const [one, same, other] = [await linesOf(story, 'a'), await linesOf(story, 'a'), await linesOf(story, 'b')]
      assert.deepEqual(same, one)
      assert.notEqual(other.hash, one.hash)
    })

  test('leaving a fault out leaves the run before it as it was', async () => {
    const story = stories[0]!
    const whole = await playStory(story, 'mask', { events: 1e6 })
    const last = whole.fired.at(-1)!
    const masked = await playStory(story, 'mask', { events: 1e6, mask: { off: new Set([last]) } })
    assert.ok(!masked.fired.includes(last))
    assert.notEqual(masked.hash, whole.hash)
    const same = masked.last.findIndex((event, index) => event.detail !== whole.last[index]?.detail)
    assert.ok(same > whole.last.length / 2, `the runs part at event ${same} of ${whole.last.length}`)
  })
})

async function linesOf(story: Story, seed: string) {
  const { hash, last } = await playStory(story, seed, { events: 1e6 })
  return { hash, lines: last.map((event) => JSON.stringify(event)).join('\n') }
}

async function holds(story: Story, seed: string): Promise<StoryResult> {
  const result = await playStory(story, seed)
  assert.deepEqual(result.violations, [], describeFailure(result))
  return result
}
