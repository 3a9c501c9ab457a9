import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Random } from '../../ports/random.ts'
import { SeededRandom } from './seeded.ts'
import { systemRandom } from './system.ts'

const at = (now: number) => ({ now: () => now })
const seeded = (seed: string, now = Date.UTC(2026, 0, 1)) => new SeededRandom(seed, at(now))

for (const [name, random] of Object.entries({ system: systemRandom, seeded: seeded('a') } satisfies Record<
  string,
  Random
>))
  suite(`${name} random`, () => {
    test('units are spread evenly over [0, 1)', () => {
      const counts = new Array<number>(10).fill(0)
      for (let nth = 0; nth < 20_000; nth++) counts[Math.floor(random.unit() * 10)]!++
      assert.equal(counts.length, 10)
      for (const count of counts) assert.ok(count > 1_700 && count < 2_300, String(counts))
    })
    test('bytes are as many as asked for, and differ', () => {
      assert.equal(random.bytes(0).length, 0)
      assert.equal(random.bytes(33).length, 33)
      assert.notDeepEqual(random.bytes(16), random.bytes(16))
    })
    test('ids have a prefix and 20 characters, and none comes twice', () => {
      const ids = new Set(Array.from({ length: 5_000 }, () => random.id('con')))
      assert.equal(ids.size, 5_000)
      for (const id of ids) assert.match(id, /^con_[0-9a-z]{20}$/)
    })
  })

suite('seeded random', () => {
  const some = (random: Random) => [random.unit(), random.unit(), ...random.bytes(4), random.id('x')]

  test('the same seed gives the same', () => assert.deepEqual(some(seeded('s')), some(seeded('s'))))
  test('another seed gives something else', () => assert.notDeepEqual(some(seeded('s')), some(seeded('t'))))
  test('a fork depends on seed and name, not on what was drawn before', () => {
    const drawn = seeded('s')
    drawn.unit()
    assert.deepEqual(some(drawn.fork('latency/1')), some(seeded('s').fork('latency/1')))
    assert.notDeepEqual(some(seeded('s').fork('latency/1')), some(seeded('s').fork('latency/2')))
  })
  test('ids sort by when they were made', () => {
    const instants = [0, 1, 999, Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1) + 1, Date.UTC(5000, 0, 1)]
    const ids = instants.map((instant) => seeded('s', instant).id('run'))
    assert.deepEqual(ids.toSorted(), ids)
  })
})
