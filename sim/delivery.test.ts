import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliveryStory } from './stories/delivery.ts'
import { playStory } from './stories/story.ts'

test('a hundred times a process is killed that sends events: each arrives at least once, with its id, none is invented, and order is kept', async () => {
  let killed = 0
  let onTheWay = 0
  for (let seed = 1; killed < 100 && seed <= 10; seed++) {
    const { violations, fired, sometimes } = await playStory(deliveryStory, `killed-${seed}`)
    assert.deepEqual(violations, [], `seed killed-${seed}`)
    killed += fired.filter((name) => name.startsWith('kill')).length
    onTheWay += sometimes.get('killed with an event on its way') ?? 0
  }
  assert.ok(killed >= 100, `${killed} kills`)
  assert.ok(onTheWay >= 10, `${onTheWay} of them with an event on its way`)
})
