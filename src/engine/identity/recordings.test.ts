import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type IdentifiedItem, keyOf } from './identified-item.ts'
import { groupRecordings, mostApartMs } from './recordings.ts'
import { itemOf } from './test-items.ts'

const a = 'QZEX12600001'
const b = 'QZEX12600002'
const mbid = 'f27ec8db-af05-4f36-916e-3d57f91ecf5e'

/** A track as `ISRC[,ISRC] seconds[m]`; `m` is the MBID. Which of them are one is written as their numbers, group by group. */
function check(tracks: readonly string[], expected: string): void {
  const items = tracks.map((track, index) => {
    const [isrc, length = ''] = track.split(' ')
    const seconds = Number.parseFloat(length)
    return itemOf({
      id: String(index),
      provider: `platform ${index}`,
      ...(Number.isNaN(seconds) ? {} : { durationMs: seconds * 1000 }),
      identifiers: { ...(isrc === '-' ? {} : { isrc: isrc! }), ...(length.endsWith('m') ? { mbid } : {}) },
    })
  })
  const groups = groupRecordings(items).map((recording) => recording.items.map(({ id }) => id).join(''))
  assert.equal(groups.join(' '), expected, tracks.join(' | '))
}

test('an ISRC joins with a length or an MBID beside it, and never alone', () => {
  check([`${a} 200`, `${a} 203`], '01')
  check([`${a} 200`, `${a} 203.001`], '0 1')
  check([`${a} 200`, a], '0 1')
  check([a, a], '0 1')
  check([`${a} 200`, `${b} 200`], '0 1')
  check(['- 200', '- 200'], '0 1')
  check([`${a} 200m`, `${a} 260m`], '01')
  check([`${a} 200m`, `${a} m`], '01')
  check([`${a} 200m`, `${b} 200m`], '0 1')
  check(['qz-ex1-26-00001 200', `${a} 201`], '01')
  check(['QZEX1 200', 'QZEX1 200'], '0 1')
})

test('a recording may have several ISRCs, and one ISRC may stand on several recordings', () => {
  check([`${a} 200`, `${a},${b} 200`, `${b} 201`], '012')
  check([`${a} 200`, `${a} 300`, `${a} 201`], '02 1')
  check([`${a} 200`, `${a} 203`, `${a} 206`], '01 2')
  const [first, second] = groupRecordings([
    itemOf({ id: 'x', durationMs: 200_000, identifiers: { isrc: `${a};${b}` } }),
    itemOf({ id: 'y', provider: 'beta', durationMs: 300_000, identifiers: { isrc: a } }),
  ])
  assert.deepEqual(
    first!.isrcs.map(({ code, others, firstSeen }) => [code, others, firstSeen.item]),
    [
      [a, 1, 'x'],
      [b, 0, 'x'],
    ],
  )
  assert.deepEqual(
    second!.isrcs.map(({ code, others }) => [code, others]),
    [[a, 1]],
  )
})

test('a recording says where it comes from: first name, earliest date, and why its items are one', () => {
  const items = [
    itemOf({ id: 'first', connectionId: 'con_1', durationMs: 200_000, publishedAt: '2024', identifiers: { isrc: a } }),
    itemOf({
      ...{ id: 'late', connectionId: 'con_2', provider: 'beta', title: 'LOW TIDE (Remastered)' },
      ...{ durationMs: 201_500, publishedAt: '2024-03-08', identifiers: { isrc: 'qz-ex1-26-00001' } },
    }),
  ]
  const [recording, ...others] = groupRecordings(items.toReversed())
  assert.deepEqual(others, [])
  assert.partialDeepStrictEqual(recording, {
    id: 'con_1:first',
    title: 'Low Tide',
    durationMs: 200_000,
    publishedAt: { value: '2024-03-08', precision: 'day' },
    joined: [{ rule: 'isrc_and_duration', code: a, items: ['con_1:first', 'con_2:late'] }],
  })
})

test('one item through two connections is one, and what is no recording is none', () => {
  const twice = ['con_1', 'con_2'].map((connectionId) => itemOf({ id: 'same', connectionId }))
  assert.equal(groupRecordings(twice).length, 1)
  const kinds = (['album', 'video', 'post', 'playlist'] as const).map((kind) => itemOf({ kind }))
  assert.deepEqual(groupRecordings(kinds), [])
  const video = itemOf({ kind: 'video', provider: 'beta', durationMs: 200_000, identifiers: { isrc: a } })
  assert.equal(groupRecordings([itemOf({ durationMs: 200_500, identifiers: { isrc: a } }), video]).length, 1)
})

/** Few codes and lengths, so that everything meets everything. */
const tracks = fc.array(
  fc.record({
    isrcs: fc.uniqueArray(fc.constantFrom(a, b, 'QZEX12600003'), { maxLength: 2 }),
    durationMs: fc.option(fc.constantFrom(0, 1500, 3000, 3001, 4500, 6000, 9001), { nil: undefined }),
    mbid: fc.option(fc.constantFrom(mbid, mbid.replace('f', 'e')), { nil: undefined }),
  }),
  { maxLength: 12 },
)

const toItems = (given: readonly TrackFacts[]): IdentifiedItem[] =>
  given.map(({ isrcs, durationMs, mbid }, index) =>
    itemOf({
      ...{ id: `t${index}`, provider: `platform ${index}`, firstSeenAt: index },
      ...(durationMs === undefined ? {} : { durationMs }),
      identifiers: { ...(isrcs.length > 0 ? { isrc: isrcs.join(',') } : {}), ...(mbid ? { mbid } : {}) },
    }),
  )

interface TrackFacts {
  readonly isrcs: readonly string[]
  readonly durationMs: number | undefined
  readonly mbid: string | undefined
}

test('whatever comes: each item is in one recording, joined by a chain of pairs that the rule allows, in any order', () => {
  fc.assert(
    fc.property(tracks, fc.infiniteStream(fc.nat()), (facts, chance) => {
      const items = toItems(facts)
      const recordings = groupRecordings(items)
      const members = recordings.flatMap((recording) => recording.items.map(keyOf))
      assert.deepEqual(members.toSorted(), items.map(keyOf).sort())

      const mayJoin = (one: TrackFacts, other: TrackFacts) =>
        one.isrcs.some((isrc) => other.isrcs.includes(isrc)) &&
        ((one.mbid !== undefined && one.mbid === other.mbid) ||
          (one.durationMs !== undefined &&
            other.durationMs !== undefined &&
            Math.abs(one.durationMs - other.durationMs) <= mostApartMs))
      for (const recording of recordings) {
        const numbers = recording.items.map(({ id }) => Number(id.slice(1)))
        const reached = new Set([numbers[0]!])
        for (const from of reached) for (const to of numbers) if (mayJoin(facts[from]!, facts[to]!)) reached.add(to)
        assert.deepEqual([...reached].sort(), numbers.toSorted())
      }

      const shuffled = items
        .map((item) => [chance.next().value, item] as const)
        .sort(([one], [other]) => one - other)
        .map(([, item]) => item)
      assert.deepEqual(groupRecordings(shuffled), recordings)
    }),
    { numRuns: 400 },
  )
})
