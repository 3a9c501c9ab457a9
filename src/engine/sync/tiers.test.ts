import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, hour, minute } from '@patchbay/kit'
import { paces } from '../../ports/schedule.ts'
import { emptyNote } from '../../ports/stream-notes.ts'
import { lackingQuota } from './appetite.ts'
import { lastReading, noteAfter, Tally } from './tally.ts'
import { type CadenceFacts, cadenceOf } from './tiers.ts'

const now = Date.parse('2026-10-05T12:00:00Z')
const [a, b] = ['2026-10-05', '2026-10-06']

interface Case {
  every?: CadenceFacts['stream']['every']
  quickest?: CadenceFacts['stream']['every']
  looked?: number
  moved?: number
  published?: number
  chosen?: string
  until?: number
  /** Intervals below that have no room. */
  roomFrom?: number
}

function check(
  { every = '1d', quickest, looked, moved, published, chosen, until = dayMs, roomFrom = 0 }: Case,
  expected: string,
) {
  const ago = (ms: number | undefined) => (ms === undefined ? null : now - ms)
  const cadence = cadenceOf({
    stream: { every, quickest },
    note: { movedAt: ago(moved), publishedAt: ago(published) },
    attention: {
      lookedAt: ago(looked),
      chosen:
        chosen === undefined
          ? null
          : { every: chosen, reason: 'release week', by: 'key:k', at: now, until: now + until },
    },
    now,
    lacks: (everyMs) => (everyMs < roomFrom ? 'daily' : null),
  })
  assert.equal(`${cadence.everyMs / hour}h ${cadence.tier}`, expected)
  return cadence
}

test('how often a stream is read goes by who looked, what moved and what is young, and never below what it declares', () => {
  check({}, '24h daily')
  check({ looked: 0 }, '24h daily')
  check({ quickest: '1h' }, '24h daily')
  check({ quickest: '1h', looked: 23 * hour }, '1h hourly')
  check({ quickest: '1h', looked: 25 * hour }, '6h six_hourly')
  check({ quickest: '1h', looked: 8 * dayMs }, '24h daily')
  check({ quickest: '6h', looked: minute }, '6h six_hourly')
  check({ quickest: '12h', looked: minute }, '12h declared')
  check({ quickest: '1h', moved: dayMs }, '6h six_hourly')
  check({ quickest: '1h', moved: 3 * dayMs }, '24h daily')
  check({ quickest: '1h', published: 6 * dayMs }, '6h six_hourly')
  check({ quickest: '1h', published: 8 * dayMs }, '24h daily')
  check({ every: '7d', quickest: '1h', published: dayMs }, '6h six_hourly')
  check({ every: '7d', looked: minute }, '168h declared')
})

test('what somebody chose counts until its end, between what pays and what is promised', () => {
  check({ quickest: '1h', chosen: '1h' }, '1h chosen')
  check({ quickest: '6h', chosen: '1h' }, '6h chosen')
  check({ chosen: '1h' }, '24h chosen')
  check({ every: '6h', chosen: '24h' }, '24h chosen')
  check({ every: '7d', chosen: '24h' }, '168h chosen')
  check({ quickest: '1h', chosen: '12h', looked: 0 }, '12h chosen')
  check({ quickest: '1h', chosen: '12h', until: -1, looked: 0 }, '1h hourly')
  assert.match(check({ quickest: '1h', chosen: '1h' }, '1h chosen').why, /release week/)
})

test('a quota that everybody could not be read under slows down, and says which it is', () => {
  check({ quickest: '1h', looked: 0, roomFrom: 2 * hour }, '3h declared')
  check({ quickest: '1h', looked: 0, roomFrom: 4 * hour }, '6h six_hourly')
  check({ quickest: '1h', chosen: '1h', roomFrom: 4 * hour }, '6h chosen')
  for (const pace of paces) check({ quickest: '30m', chosen: '30m', roomFrom: pace }, `${pace / hour}h chosen`)
  check({ quickest: '30m', chosen: '30m', roomFrom: 13 * hour }, '24h chosen')
  const { why } = check({ quickest: '1h', looked: 0, roomFrom: 30 * hour }, '24h daily')
  assert.match(why, /quota "daily"/)
})

test('what all accounts of an app would take together is held against half a tenth of each limit', () => {
  const daily = { id: 'daily', per: 'app', limit: 10_000, window: { day: 'UTC' }, source: 'made up' } as const
  const monthly = { ...daily, id: 'spend', limit: 31 * 100, window: { month: 'UTC' }, currency: 'USD' } as const
  const rolling = { ...daily, id: 'user', per: 'user', limit: 240, window: { rollingMs: hour } } as const
  const lacking = (spent: Record<string, number>, everyMs: number, connections: number) =>
    lackingQuota([daily, monthly, rolling, { ...daily, id: 'at once', window: { concurrent: true } }], spent, {
      everyMs,
      connections,
    })
  // 500 units a day, and 26.2 readings of an hourly stream.
  assert.equal(lacking({ daily: 1 }, hour, 19), null)
  assert.equal(lacking({ daily: 1 }, hour, 20), 'daily')
  assert.equal(lacking({ daily: 1 / 50 }, hour, 950), null)
  assert.equal(lacking({ daily: 1 }, 6 * hour, 114), null)
  assert.equal(lacking({ user: 10 }, hour, 1_000_000), null)
  assert.equal(lacking({ user: 12 }, hour, 1), 'user')
  // 5 dollars a day.
  assert.equal(lacking({ spend: 0.01 }, hour, 19), null)
  assert.equal(lacking({ spend: 0.01 }, hour, 20), 'spend')
  assert.equal(lacking({}, hour, 1_000_000), null)
})

const tallied = (followers: number, published?: string) => {
  const tally = new Tally()
  const items = published === undefined ? [] : [{ kind: 'post' as const, id: '1', title: '', publishedAt: published }]
  const observations = [{ metric: 'audience.followers' as const, value: followers, day: a!, native: 'f' }]
  tally.add({ observations, items, audiences: [], removed: [] }, { vanishesAfter: '24h' }, now)
  return tally
}

test('numbers moved when they did so by a twentieth a day', () => {
  const moved = (before: number, after: number, ms: number) => {
    const first = noteAfter(emptyNote('c', 's'), tallied(before), { now, resumed: false, spent: {} })
    assert.equal(first.movedAt, null)
    return noteAfter(first, tallied(after), { now: now + ms, resumed: false, spent: {} }).movedAt !== null
  }
  assert.equal(moved(1000, 1049, dayMs), false)
  assert.equal(moved(1000, 1050, dayMs), true)
  assert.equal(moved(1000, 950, dayMs), true)
  assert.equal(moved(1000, 1050, 2 * dayMs), false)
  assert.equal(moved(10, 20, dayMs), false)
  assert.equal(moved(100, 109, hour), false)
})

test('what a reading brought is remembered with its cost, unless an earlier run had begun it', () => {
  const note = noteAfter(emptyNote('c', 's'), tallied(5, `${a}T10:00:00Z`), {
    now,
    resumed: false,
    spent: { daily: 2 },
  })
  assert.partialDeepStrictEqual(note, {
    ...{ heads: { 'audience.followers': 5 }, headsAt: now, spent: { daily: 2 }, volumes: [{ own: 1, items: 1 }] },
    publishedAt: now - 2 * hour,
  })
  const resumed = noteAfter(note, tallied(6), { now, resumed: true, spent: { daily: 1 } })
  assert.partialDeepStrictEqual(resumed, {
    heads: { 'audience.followers': 6 },
    spent: { daily: 2 },
    publishedAt: now - 2 * hour,
  })
  assert.equal(resumed.volumes.length, 1)
  let many = note
  for (let i = 0; i < 20; i++) many = noteAfter(many, tallied(i), { now, resumed: false, spent: {} })
  assert.equal(many.volumes.length, 8)
})

test('the future and a bare year are no time of publication', () => {
  assert.equal(tallied(1, `${b}T12:00:00Z`).publishedAt, null)
  assert.equal(tallied(1, '2026').publishedAt, null)
  assert.equal(tallied(1, a).publishedAt, Date.parse(`${a}T00:00:00Z`))
})

test('what vanishes is read once more before it does, where the next reading would come too late', () => {
  const vanishesAt = now + 3 * hour
  assert.equal(tallied(1, `${a}T10:00:00Z`).vanishesAt, now + 22 * hour)
  assert.equal(lastReading(vanishesAt, now + 2 * hour, now), null)
  assert.equal(lastReading(vanishesAt, now + 5 * hour, now), vanishesAt - 40 * minute)
  assert.equal(lastReading(vanishesAt, now + 3 * hour, now), vanishesAt - 40 * minute)
  // It was just read.
  assert.equal(lastReading(now + 42 * minute, now + 5 * hour, now), null)
  assert.equal(lastReading(null, now + 5 * hour, now), null)
})
