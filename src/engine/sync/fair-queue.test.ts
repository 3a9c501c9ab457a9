import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { FairQueue, type Waiting } from './fair-queue.ts'

interface Work extends Waiting {
  readonly name: string
}

const weights: Record<string, number> = { live: 4, test: 1 }
/** `live/app/ann`, with the lane behind it where it is not 2. */
const work = (path: string, rank = 2): Work => ({
  owners: path.split('/').map((id) => ({ id, weight: weights[id] ?? 1 })),
  rank,
  name: path,
})
const fill = (...parts: readonly (readonly [path: string, count: number, rank?: number])[]) => {
  const queue = new FairQueue<Work>()
  for (const [path, count, rank] of parts) for (let i = 0; i < count; i++) queue.add(work(path, rank))
  return queue
}
const takeMany = (queue: FairQueue<Work>, count: number, may: (work: Work) => boolean = () => true) =>
  Array.from({ length: count }, () => queue.take(may)?.name ?? null)
const countOf = (names: readonly (string | null)[], start: string) =>
  names.filter((name) => name?.startsWith(start)).length

suite('turns', () => {
  test('are taken by integrations, whatever each brings', () => {
    const taken = takeMany(fill(['live/a/x', 50], ['live/b/x', 3]), 6)
    assert.deepEqual([countOf(taken, 'live/a'), countOf(taken, 'live/b')], [3, 3])
  })

  test('are taken by profiles of one integration', () => {
    const taken = takeMany(fill(['live/a/flood', 50], ['live/a/ann', 2], ['live/a/bob', 2]), 6)
    assert.deepEqual([countOf(taken, 'live/a/ann'), countOf(taken, 'live/a/bob')], [2, 2])
  })

  test('are taken by environments, however many integrations one has', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((app) => [`one/${app}/x`, 20] as const)
    const taken = takeMany(fill(...many, ['two/a/x', 20]), 20)
    assert.equal(countOf(taken, 'two'), 10)
  })

  test('go by weight: four of a live environment for each of a test one', () => {
    const taken = takeMany(fill(['test/a/x', 50], ['live/a/x', 50]), 25)
    assert.deepEqual([countOf(taken, 'live'), countOf(taken, 'test')], [20, 5])
  })

  test('are not saved up by whoever had nothing to do', () => {
    const queue = fill(['live/a/ann', 100], ['live/a/bob', 1])
    takeMany(queue, 60)
    for (let i = 0; i < 20; i++) queue.add(work('live/a/bob'))
    const taken = takeMany(queue, 20)
    assert.ok(Math.abs(countOf(taken, 'live/a/bob') - 10) <= 1, `${taken}`)
  })

  test('of an important lane come first, whoever had more of them', () => {
    const queue = fill(['live/a/ann', 5, 2], ['test/b/bob', 3, 0])
    takeMany(queue, 1)
    assert.deepEqual(takeMany(queue, 3), ['test/b/bob', 'test/b/bob', 'live/a/ann'])
    const one = fill(['live/a/ann', 1, 3], ['live/a/ann', 1, 1], ['live/a/ann', 1, 2])
    assert.deepEqual(
      [1, 2, 3].map(() => one.take(() => true)!.rank),
      [1, 2, 3],
    )
  })

  test('are only for those who may have one', () => {
    const queue = fill(['live/a/x', 2], ['live/b/x', 2])
    assert.deepEqual(
      takeMany(queue, 3, ({ name }) => name === 'live/b/x'),
      ['live/b/x', 'live/b/x', null],
    )
    assert.equal(queue.size, 2)
  })

  test('what waits is counted at every depth, and what is taken out is gone', () => {
    const queue = fill(['live/a/ann', 3], ['live/a/bob', 2], ['live/b/ann', 1], ['test/a/ann', 1])
    assert.deepEqual(
      [
        queue.size,
        queue.sizeOf('live'),
        queue.sizeOf('live', 'a'),
        queue.sizeOf('live', 'a', 'bob'),
        queue.sizeOf('x'),
      ],
      [7, 6, 5, 2, 0],
    )
    assert.equal(queue.takeWhere(({ name }) => name.endsWith('ann')).length, 5)
    assert.deepEqual([queue.size, queue.sizeOf('live'), queue.sizeOf('test')], [2, 2, 0])
    assert.equal(queue.takeAll().length, 2)
    assert.deepEqual([queue.size, queue.take(() => true)], [0, null])
  })
})

test('whoever always has work gets its share, give or take a turn, whatever the others bring and when', () => {
  const arrival = fc.record({ owner: fc.nat(3), count: fc.integer({ min: 1, max: 5 }), takes: fc.nat(6) })
  const shares = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 4, maxLength: 4 })
  fc.assert(
    fc.property(shares, fc.array(arrival, { minLength: 1, maxLength: 60 }), (weights, arrivals) => {
      const queue = new FairQueue<Work>()
      const add = (owner: number) =>
        queue.add({ owners: [{ id: `o${owner}`, weight: weights[owner]! }], rank: 0, name: `o${owner}` })
      // Two that never run out.
      for (let i = 0; i < 500; i++) for (const owner of [0, 1]) add(owner)
      const had = [0, 0, 0, 0]
      for (const { owner, count, takes } of arrivals) {
        for (let i = 0; i < count; i++) add(owner)
        for (let i = 0; i < takes; i++) had[Number(queue.take(() => true)!.name.slice(1))]!++
      }
      const [one, other] = [had[0]! / weights[0]!, had[1]! / weights[1]!]
      assert.ok(Math.abs(one - other) <= 1 / weights[0]! + 1 / weights[1]! + 1e-9, `${had} of ${weights}`)
      for (const guest of [2, 3])
        assert.ok(had[guest]! / weights[guest]! <= one + 1 / weights[guest]! + 1 / weights[0]! + 1e-9)
    }),
    { numRuns: 300, seed: 20261128 },
  )
})
