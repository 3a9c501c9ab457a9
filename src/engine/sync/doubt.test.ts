import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDays, at, dayMs, defineProvider, defineStream, hour, readOne } from '@patchbay/kit'
import fc from 'fast-check'
import type { Volume } from '../../ports/stream-notes.ts'
import { catalogOnly } from '../definitions/providers.ts'
import { doubtedAgain, isAccepted, judgeVolume, looksVanished } from './doubt.ts'
import { isSuspectAmount } from './suspect-zeros.ts'
import { environmentId, madeUp, openTestWorld, type TestWorld } from './test-world.ts'

const story = (title: string, tell: (world: TestWorld) => Promise<void>) =>
  test(title, async () => {
    const world = await openTestWorld()
    await world.clock.run(() => tell(world))
  })

const noteOf = async ({ deps }: TestWorld, stream = 'channel') =>
  (await deps.streamNotes.notes(environmentId, [{ connectionId: 'con_1', stream }]))[0]!
const told = ({ along }: TestWorld) =>
  along.events.map(({ type }) => type).filter((type) => type.startsWith('stream.') || type.startsWith('metric.re'))
const openTasks = ({ along }: TestWorld) =>
  along.tasks.filter(({ closedAt }) => closedAt === null).map(({ kind }) => kind)
const followers = async (world: TestWorld) =>
  (await world.stored()).accounts.filter(({ metric }) => metric === 'audience.followers').map(({ value }) => value)

story(
  'a zero where a number stood is set aside and told; the number stays, and the next one ends the doubt',
  async (world) => {
    await world.connect('con_1')
    await world.runDue()
    world.platform.followers.set('acc_1', 0)
    await world.clock.sleep(dayMs)
    const [run] = await world.runDue()
    assert.partialDeepStrictEqual(run, { state: 'partial', refused: 1, fault: null })
    assert.match(run!.says!, /0 where there were many: audience.followers/)
    assert.deepEqual(await followers(world), [100])
    assert.partialDeepStrictEqual(await noteOf(world), {
      doubt: { kind: 'zeros', times: 1 },
      heads: { 'audience.followers': 100 },
    })
    assert.deepEqual(told(world), ['stream.doubted'])
    world.platform.followers.set('acc_1', 101)
    await world.clock.sleep(dayMs)
    const [next] = await world.runDue()
    assert.equal(next!.state, 'succeeded')
    assert.deepEqual(await followers(world), [100, 101])
    assert.deepEqual(told(world), ['stream.doubted', 'stream.believed'])
    assert.equal((await noteOf(world)).doubt, null)
  },
)

story('a platform that keeps saying 0 is believed after a day, and somebody is asked to look', async (world) => {
  await world.connect('con_1')
  await world.runDue()
  world.platform.followers.set('acc_1', 0)
  const states: string[] = []
  for (let i = 0; i < 6; i++) {
    await world.clock.sleep(8 * hour)
    const [run] = await world.runDue()
    states.push(`${run!.state} ${(await noteOf(world)).doubt?.times ?? '-'} ${openTasks(world)}`.trim())
  }
  assert.deepEqual(states, [
    'partial 1',
    'partial 2 check_numbers',
    'partial 3 check_numbers',
    // What stands there now is still to be looked at.
    'succeeded - check_numbers',
    'succeeded - check_numbers',
    'succeeded - check_numbers',
  ])
  assert.equal((await followers(world)).at(-1), 0)
  assert.deepEqual(told(world).slice(0, 2), ['stream.doubted', 'stream.believed'])
})

story('a small number may be zero, and so may a first one', async (world) => {
  await world.connect('con_1')
  world.platform.followers.set('acc_1', 0)
  assert.equal((await world.runDue())[0]!.state, 'succeeded')
  world.platform.followers.set('acc_1', 9)
  await world.runDue({ aheadMs: 8 * hour })
  await world.clock.sleep(dayMs)
  world.platform.followers.set('acc_1', 0)
  assert.equal((await world.runDue())[0]!.state, 'succeeded')
  assert.deepEqual(await followers(world), [9, 0])
})

story('a day of nothing after a week of many is set aside, and a correction to nothing too', async (world) => {
  await world.connect('con_1', { streams: ['daily'] })
  world.platform.plays.set('acc_1', [50, 48, 60, 40, 55, 44, 70])
  await world.runDue()
  const days = async () => (await world.stored()).accounts.map(({ value }) => value)
  assert.deepEqual(await days(), [70, 44, 55, 40, 60, 48, 50])
  await world.clock.sleep(dayMs + hour)
  world.platform.plays.set('acc_1', [0, 50, 0, 60])
  const [run] = await world.runDue()
  assert.partialDeepStrictEqual(run, { state: 'partial', refused: 2 })
  assert.deepEqual(await days(), [70, 44, 55, 40, 60, 48, 50])
  // What it should have been comes with the next reading.
  await world.clock.sleep(dayMs)
  world.platform.plays.set('acc_1', [52, 51, 50, 48])
  assert.equal((await world.runDue())[0]!.state, 'succeeded')
  assert.deepEqual(await days(), [70, 44, 55, 40, 60, 48, 50, 51, 52])
})

story('a list whose items all have 0 at once keeps what they had', async (world) => {
  await world.connect('con_1', { streams: ['videos'] })
  const videos = (views: number) => Array.from({ length: 10 }, (_, i) => ({ id: `v${10 - i}`, views: views * (i + 2) }))
  // Two a page are too few to tell.
  world.platform.spoil = ({ path }) =>
    path === '/videos'
      ? { items: world.platform.videos.get('acc_1')!.map((one) => ({ ...one })), next: null }
      : undefined
  world.platform.videos.set('acc_1', videos(10))
  await world.runDue()
  await world.clock.sleep(dayMs)
  world.platform.videos.set('acc_1', videos(0))
  const [run] = await world.runDue()
  assert.partialDeepStrictEqual(run, { state: 'partial', refused: 10 })
  assert.ok((await world.stored()).items.every(({ value }) => value! >= 20))
  assert.equal((await noteOf(world, 'videos')).doubt?.kind, 'zeros')
})

story(
  'a reading that suddenly brings nothing is no green one, and says so until it brings something',
  async (world) => {
    await world.connect('con_1', { streams: ['daily'] })
    for (let i = 0; i < 5; i++) {
      world.platform.plays.set('acc_1', [5, 4, 3])
      assert.equal((await world.runDue())[0]!.state, 'succeeded')
      await world.clock.sleep(dayMs)
    }
    world.platform.plays.set('acc_1', [])
    for (let i = 1; i <= 3; i++) {
      const [run] = await world.runDue()
      assert.equal(run!.state, 'partial')
      assert.match(run!.says!, /nothing of the account itself, where there were always 3 numbers/)
      assert.equal((await noteOf(world, 'daily')).doubt?.times, i)
      await world.clock.sleep(dayMs)
    }
    assert.deepEqual(openTasks(world), ['check_numbers'])
    world.platform.plays.set('acc_1', [5, 4, 3])
    assert.equal((await world.runDue())[0]!.state, 'succeeded')
    assert.deepEqual(openTasks(world), [])
    assert.deepEqual(
      told(world).filter((type) => type.startsWith('stream')),
      ['stream.doubted', 'stream.believed'],
    )
  },
)

/** A stream that says which of its items are gone. */
const lists = defineProvider({
  ...madeUp,
  streams: {
    videos: defineStream({
      summary: 'Videos',
      every: '24h',
      metrics: [],
      items: ['video'],
      idleCalls: 1,
      read: readOne({
        request: () => ({ path: '/list' }),
        parse: (body) => ({
          items: (at(body, 'items') as string[]).map((id) => ({ kind: 'video', id, title: id })),
          removed: at(body, 'removed') as string[],
        }),
      }),
    }),
  },
})

story(
  'F30: most of a list gone at once is not believed before it has lasted; a few are, and are told',
  async (world) => {
    Object.assign(world.deps, { providers: catalogOnly([lists]) })
    await world.connect('con_1', { streams: ['videos'] })
    const ids = Array.from({ length: 12 }, (_, i) => `v${i}`)
    const answer = (removed: string[]) => {
      world.platform.spoil = () => ({ items: ids.filter((id) => !removed.includes(id)), removed })
    }
    const gone = async () => (await world.stored()).list.filter(({ removedAt }) => removedAt !== null).length
    answer([])
    await world.runDue()
    answer(['v0', 'v1'])
    await world.clock.sleep(dayMs)
    assert.equal((await world.runDue())[0]!.state, 'succeeded')
    assert.equal(await gone(), 2)
    assert.deepEqual(
      world.along.events.filter(({ type }) => type === 'item.removed').map(({ data }) => data.items),
      [['v0', 'v1']],
    )
    answer(ids.slice(0, 9))
    const states: string[] = []
    for (let i = 0; i < 5; i++) {
      await world.clock.sleep(8 * hour)
      const [run] = await world.runDue({ aheadMs: dayMs })
      states.push(`${run!.state} ${run!.fault} ${await gone()}`)
    }
    assert.deepEqual(states, [
      ...Array.from({ length: 3 }, () => 'failed provider.changed 2'),
      ...Array.from({ length: 2 }, () => 'succeeded null 9'),
    ])
    assert.deepEqual(told(world), ['stream.doubted', 'stream.believed'])
  },
)

const volumes = (numbers: readonly number[], of: keyof Volume = 'own'): Volume[] =>
  numbers.map((count) => ({ own: 0, items: 0, [of]: count }))

test('what counts as suddenly little', () => {
  const check = (before: number[], now: number, expected: string | null, of: keyof Volume = 'own', stream = {}) =>
    assert.equal(
      judgeVolume(stream, volumes(before, of), volumes([now], of)[0]!)?.kind ?? null,
      expected,
      `${before} then ${now} ${of}`,
    )
  check([3, 3, 3, 3], 0, 'nothing')
  check([3, 3, 3], 0, null)
  check([3, 3, 0, 3], 0, null)
  check([3, 3, 3, 3], 1, null)
  check([40, 40, 40, 40], 9, 'little')
  check([40, 40, 40, 40], 10, null)
  check([8760, 40, 40, 40, 40], 32, null)
  check([40, 40, 40, 40], 0, null, 'own', { varies: true })
  check([50, 50, 50, 50, 50, 50], 0, 'nothing', 'items')
  check([50, 50, 50, 50, 50, 50], 4, 'little', 'items')
  check([50, 50, 50, 50, 50, 50], 5, null, 'items')
  check([50, 50, 50, 50, 50], 0, null, 'items')
  check([50, 50, 50, 50, 50, 19], 0, null, 'items')
  check([50, 50, 50, 50, 50, 50], 0, null, 'items', { vanishesAfter: '24h' })
})

test('what lasts is accepted: three times, and the better part of a day', () => {
  const suspicion = { kind: 'zeros', says: 's' } as const
  let doubt = doubtedAgain(null, suspicion, 0)
  doubt = doubtedAgain(doubt, suspicion, hour)
  doubt = doubtedAgain(doubt, suspicion, 2 * hour)
  assert.partialDeepStrictEqual(doubt, { since: 0, times: 3 })
  assert.equal(isAccepted(doubt, 'zeros', 19 * hour), false)
  assert.equal(isAccepted(doubt, 'zeros', 20 * hour), true)
  assert.equal(isAccepted(doubt, 'nothing', 20 * hour), false)
  assert.equal(isAccepted({ ...doubt, times: 2 }, 'zeros', 20 * hour), false)
  assert.partialDeepStrictEqual(doubtedAgain(doubt, { kind: 'little', says: 't' }, 9), { since: 9, times: 1 })
})

test('most of the items gone at once, of more than a few, is doubted', () => {
  assert.equal(looksVanished(4, 4), false)
  assert.equal(looksVanished(5, 10), true)
  assert.equal(looksVanished(5, 11), false)
})

/** Counts that a healthy account has: restless by a factor, with weekends, and counted by chance. */
const healthy = (mean: number, unit: () => number) => {
  const restless = mean * (0.5 + unit()) * (unit() < 2 / 7 ? 0.6 : 1)
  // Poisson by its normal approximation, which is what it is from thirty on.
  const normal = Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit())
  return Math.max(0, Math.round(restless + Math.sqrt(restless) * normal))
}

test('an account that is only restless is not doubted: years of days, at any size, without an alarm', () => {
  let zeros = 0
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.double({ min: 0, max: 4, noNaN: true }), (seed, size) => {
      let state = seed >>> 0
      const unit = () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        return state / 2 ** 32
      }
      const mean = 10 ** size
      const stored: { day: string; value: number }[] = []
      for (let i = 0; i < 400; i++) {
        const day = addDays('2026-01-01', i)
        const value = healthy(mean, unit)
        if (value === 0) {
          zeros++
          assert.equal(
            isSuspectAmount({ day }, stored.slice(-10)),
            false,
            `${mean} a day, after ${stored.slice(-7).map((row) => row.value)}`,
          )
        }
        stored.push({ day, value })
      }
    }),
    { numRuns: 200 },
  )
  assert.ok(zeros > 1_000, `only ${zeros} zeros were looked at`)
})

test('a list that grows, shrinks and skips days is not doubted, and one that breaks off is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.5, max: 1.6, noNaN: true }), { minLength: 30, maxLength: 60 }),
      fc.integer({ min: 1, max: 3_000 }),
      (factors, first) => {
        const history: Volume[] = []
        let count = first
        for (const factor of factors) {
          count = Math.max(1, Math.round(count * Math.min(1.2, Math.max(0.7, factor))))
          const now = { own: 6, items: count }
          assert.equal(
            judgeVolume({}, history.slice(-8), now),
            null,
            `${history.slice(-8).map(({ items }) => items)} then ${count}`,
          )
          history.push(now)
        }
        if (Math.min(...history.slice(-8).map(({ items }) => items)) >= 20)
          assert.equal(judgeVolume({}, history.slice(-8), { own: 6, items: 0 })?.kind, 'nothing')
        assert.equal(judgeVolume({}, history.slice(-8), { own: 0, items: 3 })?.kind, 'nothing')
      },
    ),
    { numRuns: 200 },
  )
})
