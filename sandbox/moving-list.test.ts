import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, minute } from '@patchbay/kit'
import { type MovingList, movingList } from './moving-list.ts'
import { makeWorld } from './world.ts'

const world = makeWorld({ seed: 'moving', artists: 2, since: '2026-01-01' })
const [artist, other] = world.artists as [(typeof world.artists)[0], (typeof world.artists)[0]]
const list: MovingList = {
  name: 'sketches',
  everyMs: 45 * minute,
  staysMs: [26 * hour, 50 * hour],
  changesMs: 4 * hour,
}
const start = Date.parse('2026-03-01T12:00:00Z')
const at = (ms: number, of = artist) => movingList(world, of, list, start + ms)

test('within hours things appear, change and go, and within a second hardly any does', () => {
  const before = new Map(at(0).map((one) => [one.id, one]))
  const after = new Map(at(3 * hour).map((one) => [one.id, one]))
  assert.ok(before.size > 30 && before.size < 80, `${before.size} things`)
  assert.ok([...after.keys()].some((id) => !before.has(id)))
  assert.ok([...before.keys()].some((id) => !after.has(id)))
  const changed = [...after.values()].filter(({ id, changes }) => changes > (before.get(id)?.changes ?? changes))
  assert.ok(changed.length > 5 && changed.every(({ changedAt }) => changedAt > start && changedAt <= start + 3 * hour))
  const still = Array.from({ length: 60 }, (_, second) => [at(second * 1000), at((second + 1) * 1000)])
  const moved = still.filter(([one, next]) => JSON.stringify(one) !== JSON.stringify(next))
  assert.ok(moved.length < 5, `${moved.length} changes in a minute`)
})

test('what changed last stands first, and nothing stands twice or before it was published', () => {
  for (let hours = 0; hours < 48; hours++) {
    const things = at(hours * hour)
    assert.equal(new Set(things.map(({ id }) => id)).size, things.length)
    assert.deepEqual(
      things.map(({ changedAt }) => changedAt),
      things.map(({ changedAt }) => changedAt).sort((one, next) => next - one),
    )
    for (const { publishedAt, changedAt } of things)
      assert.ok(publishedAt <= changedAt && changedAt <= start + hours * hour)
  }
})

test('it depends on the seed, the artist and the moment alone', () => {
  assert.deepEqual(at(hour), at(hour))
  assert.notDeepEqual(
    at(0).map(({ id }) => id),
    at(0, other).map(({ id }) => id),
  )
})
