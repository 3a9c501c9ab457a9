import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../ports/connections.ts'
import type { StoredObservation } from '../../ports/records.ts'
import { sideBySide } from './side-by-side.ts'
import { itemOf } from './test-items.ts'

/** Items as `connection:item`, on platform `alpha`, or `beta` for `con_b`; and their numbers. What stands side by side is written in a line a metric. */
function check(
  items: readonly string[],
  numbers: Readonly<Record<string, Record<string, number>>>,
  expected: string[],
) {
  const providerOf = (connectionId: string) => (connectionId === 'con_b' ? 'beta' : 'alpha')
  const parsed = items.map((text) => text.split(':') as [string, string])
  const connections = parsed.map(([id]) => [id, { id, provider: providerOf(id) } as Connection] as const)
  const rows = Object.entries(numbers).flatMap(([key, values], order) => {
    const [connectionId, item] = key.split(':')
    return Object.entries(values).map(
      ([metric, value]) =>
        ({ connectionId, item, metric, value, day: '2026-10-05', observedAt: order }) as unknown as StoredObservation,
    )
  })
  const found = sideBySide(
    parsed.map(([connectionId, id]) => itemOf({ connectionId, id, provider: providerOf(connectionId) })),
    new Map(connections),
    rows,
  )
  const lines = found.map(
    ({ metric, value, reason, parts }) =>
      `${metric} ${parts.map((part) => `${part.connection}:${part.item}=${part.value}`).join(' ')} → ${value ?? reason}`,
  )
  assert.deepEqual(lines, expected)
}

test('numbers of one metric on one platform are added; other metrics, platforms and scores stand side by side', () => {
  check(
    ['con_1:single', 'con_1:album', 'con_b:track'],
    {
      'con_1:single': { 'consumption.streams': 5, 'standing.popularity_index': 40 },
      'con_1:album': { 'consumption.streams': 7, 'standing.popularity_index': 50 },
      'con_b:track': { 'consumption.scrobbles': 100 },
    },
    [
      'consumption.scrobbles con_b:track=100 → 100',
      'consumption.streams con_1:single=5 con_1:album=7 → 12',
      'standing.popularity_index con_1:single=40 con_1:album=50 → not_additive',
    ],
  )
  check(
    ['con_1:a', 'con_b:b'],
    {
      'con_1:a': { 'consumption.views': 1, 'engagement.likes': 2 },
      'con_b:b': { 'consumption.views': 3, 'engagement.likes': 4 },
    },
    ['consumption.views con_1:a=1 con_b:b=3 → not_additive', 'engagement.likes con_1:a=2 con_b:b=4 → 6'],
  )
})

test('one item that is reached twice is counted once, as it was read last', () =>
  check(['con_1:a', 'con_2:a'], { 'con_2:a': { 'engagement.likes': 8 }, 'con_1:a': { 'engagement.likes': 9 } }, [
    'engagement.likes con_1:a=9 → 9',
  ]))

test('what only one of two connections to an item sees is there, whichever was read last', () => {
  const owner = { 'con_1:a': { 'consumption.watch_time_daily': 60, 'engagement.likes': 8 } }
  const anybody = { 'con_2:a': { 'engagement.likes': 9 } }
  check(['con_1:a', 'con_2:a'], { ...owner, ...anybody }, [
    'consumption.watch_time_daily con_1:a=60 → 60',
    'engagement.likes con_2:a=9 → 9',
  ])
})
