import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  defineStream,
  Fault,
  hour,
  type Json,
  listAt,
  minute,
  pageToken,
  readOne,
  readPages,
  readReport,
} from '@patchbay/kit'
import { catalogOnly } from '../definitions/providers.ts'
import { failuresUntilDegraded } from './outcome.ts'
import { environmentId, failing, openTestWorld, start, type TestWorld } from './test-world.ts'

/** A story in a world of its own, in which time moves by itself. */
const story = (title: string, tell: (world: TestWorld) => Promise<void>) =>
  test(title, async () => {
    const world = await openTestWorld()
    await world.clock.run(() => tell(world))
  })

const eventsOf = ({ along }: TestWorld) => along.events.map(({ type, connectionId }) => `${type} ${connectionId}`)
const slotOf = async ({ deps }: TestWorld, id = 'con_1') => (await deps.schedule.of(environmentId, [id]))[0]!
const stateOf = async ({ deps }: TestWorld, id = 'con_1') => {
  const { state, reason } = (await deps.connections.read(environmentId, id))!
  return reason === null ? state : `${state} ${reason}`
}
const videos = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `v${count - i}`, views: 10 * (count - i) }))

story('a first run stores what was read, makes the connection healthy and tells it once', async (world) => {
  await world.connect('con_1')
  const [run] = await world.runDue()
  assert.partialDeepStrictEqual(run, {
    state: 'succeeded',
    trigger: 'initial',
    pages: 1,
    calls: 1,
    inserted: 1,
    says: null,
  })
  assert.partialDeepStrictEqual(await world.stored(), {
    accounts: [{ metric: 'audience.followers', value: 100, day: '2026-10-05' }],
  })
  assert.equal(await stateOf(world), 'healthy')
  assert.deepEqual(eventsOf(world), ['metrics.updated con_1', 'connection.healthy con_1'])
  const slot = await slotOf(world)
  assert.partialDeepStrictEqual(slot, {
    claim: null,
    failures: 0,
    lastFault: null,
    lastRunId: run!.id,
    lane: 'scheduled',
  })
  assert.ok(slot.dueAt > world.clock.now() + 30 * minute && slot.dueAt <= world.clock.now() + 6.7 * hour)
  assert.deepEqual(await world.deps.journal.readRuns(environmentId, { limit: 9 }), [run])
})

story('a walk that crosses midnight notes each number under the day of the answer that it was in', async (world) => {
  await world.connect('con_1', { streams: ['videos'] })
  world.platform.videos.set('acc_1', videos(5))
  await world.clock.sleep(12 * hour - 500)
  await world.runDue()
  assert.deepEqual((await world.stored()).items.map(({ item, day }) => `${item} ${day}`).sort(), [
    'v1 2026-10-06',
    'v2 2026-10-05',
    'v3 2026-10-05',
    'v4 2026-10-05',
    'v5 2026-10-05',
  ])
})

story('a run in which nothing changed writes and tells nothing', async (world) => {
  await world.connect('con_1', { streams: ['channel', 'videos', 'daily'] })
  world.platform.videos.set('acc_1', videos(5))
  world.platform.plays.set('acc_1', [3, 2, 1])
  await world.runDue()
  const series = () =>
    world.deps.records.series(environmentId, {
      connections: ['con_1'],
      metrics: ['audience.followers', 'consumption.views_daily'],
      limit: 99,
    })
  const before = await series()
  const told = world.along.events.length
  const runs = await world.runDue({ aheadMs: 48 * hour })
  assert.equal(runs.length, 3)
  for (const run of runs) assert.partialDeepStrictEqual(run, { state: 'succeeded', inserted: 0, restated: 0, items: 0 })
  assert.deepEqual(await series(), before)
  assert.equal(world.along.events.length, told)
})

story('F47: a corrected day is told as restated, a number that moved today only as updated', async (world) => {
  await world.connect('con_1', { streams: ['channel', 'daily'] })
  world.platform.plays.set('acc_1', [30, 20])
  await world.runDue()
  world.along.events.length = 0
  world.platform.plays.set('acc_1', [31, 20])
  world.platform.followers.set('acc_1', 101)
  await world.runDue({ aheadMs: 48 * hour })
  assert.deepEqual(eventsOf(world), ['metrics.updated con_1', 'metric.restated con_1', 'metrics.updated con_1'])
  assert.partialDeepStrictEqual(world.along.events[1]!.data, {
    count: 1,
    values: [{ metric: 'consumption.views_daily', day: '2026-10-04', before: 30, after: 31 }],
  })
})

story('new items are told, except those of the first reading', async (world) => {
  await world.connect('con_1', { streams: ['videos'] })
  world.platform.videos.set('acc_1', videos(3))
  await world.runDue()
  assert.deepEqual(eventsOf(world), ['metrics.updated con_1', 'connection.healthy con_1'])
  world.platform.videos.set('acc_1', videos(4))
  await world.runDue({ aheadMs: 48 * hour })
  const published = world.along.events.filter(({ type }) => type === 'item.published')
  assert.deepEqual(
    published.map(({ data }) => data.item),
    [{ id: 'v4', kind: 'video', title: 'A video' }],
  )
})

story('stopped at any checkpoint, it goes on to the same rows', async (world) => {
  const ids = ['con_1', 'con_2', 'con_3', 'con_4', 'con_5']
  for (const [pages, id] of ids.entries()) {
    await world.connect(id, { streams: ['videos'] })
    world.platform.videos.set(`acc_${pages + 1}`, videos(9))
    // Stops while page `pages` is read: it is saved, and no other begins.
    const stop = new AbortController()
    let asked = 0
    world.platform.spoil = () => {
      if (asked++ === pages) stop.abort()
      return undefined
    }
    const [run] = await world.runDue({ stop: stop.signal })
    assert.equal(run!.state, pages < 4 ? 'waiting' : 'succeeded')
    assert.equal(run!.pages, pages + 1)
    const [rest] = await world.runDue()
    assert.equal(rest?.pages, pages < 4 ? 4 - pages : undefined)
  }
  const { items, list, places } = await world.stored()
  for (const id of ids) {
    const of = <Row extends { connectionId: string }>(rows: readonly Row[]) =>
      rows.filter(({ connectionId }) => connectionId === id).map(({ connectionId: _, ...row }) => row)
    assert.deepEqual(
      of(items),
      of(items.map((row) => (row.connectionId === 'con_1' ? { ...row, connectionId: id } : row))).slice(0, 9),
    )
    assert.equal(of(list).length, 9)
    assert.partialDeepStrictEqual(of(places)[1], { cursor: 'v9', checkpoint: null })
  }
  const told = world.along.events
    .filter(({ type }) => type === 'metrics.updated')
    .map(({ connectionId }) => connectionId)
  assert.deepEqual(new Set(told), new Set(ids))
})

story('F41: an expired page token costs the walk, not the stream', async (world) => {
  await world.connect('con_1', { streams: ['videos'] })
  world.platform.videos.set('acc_1', videos(6))
  world.platform.spoil = ({ query }) => {
    if (query?.page !== '4' || world.platform.requests.length > 3) return undefined
    throw new Fault('provider.cursor')
  }
  const [run] = await world.runDue()
  assert.partialDeepStrictEqual(run, { state: 'succeeded', calls: 6, inserted: 6, unchanged: 4 })
  assert.equal((await world.stored()).list.length, 6)
})

story('F41: an expired cursor is dropped once, and a platform that refuses every start is a failure', async (world) => {
  await world.connect('con_1', { streams: ['videos'] })
  world.platform.videos.set('acc_1', videos(2))
  await world.runDue()
  world.platform.spoil = ({ query }) => {
    if (typeof query?.since !== 'string') return undefined
    throw new Fault('provider.cursor')
  }
  assert.partialDeepStrictEqual((await world.runDue({ aheadMs: 48 * hour }))[0], { state: 'succeeded', calls: 2 })
  world.platform.spoil = () => {
    throw new Fault('provider.cursor')
  }
  const [run] = await world.runDue({ aheadMs: 48 * hour })
  assert.partialDeepStrictEqual(run, { state: 'waiting', fault: 'provider.cursor', calls: 2 })
})

story(
  'F41: a place that the platform refuses without a word for it is left, and the walk begins again',
  async (world) => {
    await world.connect('con_1', { streams: ['videos'] })
    world.platform.videos.set('acc_1', videos(6))
    const stop = new AbortController()
    world.platform.spoil = () => {
      stop.abort()
      return undefined
    }
    assert.equal((await world.runDue({ stop: stop.signal }))[0]!.state, 'waiting')
    for (const [code, status] of [
      ['provider.rejected', 400],
      ['provider.missing', 404],
      ['provider.missing', 410],
    ] as const) {
      const before = world.platform.requests.length
      // The token is of yesterday.
      world.platform.spoil = ({ query }) => {
        if (query?.page === '2' && world.platform.requests.length === before + 1)
          throw new Fault(code, undefined, { status })
        return undefined
      }
      const [run] = await world.runDue()
      assert.partialDeepStrictEqual(run, { state: 'succeeded', calls: 4 }, code)
      assert.equal((await world.stored()).list.length, 6)
      // And the next one stops in the middle again.
      const halt = new AbortController()
      world.platform.spoil = () => {
        halt.abort()
        return undefined
      }
      assert.equal((await world.runDue({ aheadMs: 48 * hour, stop: halt.signal }))[0]!.state, 'waiting')
    }
  },
)

story(
  'F41: what is refused at the beginning is refused, and nothing that is known is given up for it',
  async (world) => {
    await world.connect('con_1', { streams: ['videos'] })
    world.platform.videos.set('acc_1', videos(2))
    await world.runDue()
    world.platform.spoil = () => {
      throw new Fault('provider.missing', undefined, { status: 404 })
    }
    const [run] = await world.runDue({ aheadMs: 48 * hour })
    assert.partialDeepStrictEqual(run, { state: 'failed', fault: 'provider.missing', calls: 1 })
    const cursor = async () =>
      (await world.deps.records.places(environmentId, [{ connectionId: 'con_1', stream: 'videos' }]))[0]!.cursor
    assert.equal(await cursor(), 'v2')
    // A place of which the platform says that it is gone is one.
    world.platform.spoil = ({ query }) => {
      if (typeof query?.since === 'string') throw new Fault('provider.missing', undefined, { status: 410 })
      return undefined
    }
    assert.partialDeepStrictEqual((await world.runDue({ aheadMs: 96 * hour }))[0], { state: 'succeeded', calls: 2 })
  },
)

/** A list of which a run asks for what came since, to the second and that second included, two a page. */
const since = (overlapMs: number) =>
  defineStream({
    summary: 'Videos',
    every: '24h',
    metrics: [],
    items: ['video'],
    idleCalls: 1,
    read: readPages({
      request: ({ cursor }) => ({ path: '/since', query: { from: cursor === null ? 0 : Number(cursor) - overlapMs } }),
      next: pageToken('next', 'page'),
      parse: (body, { cursor }) => ({
        items: listAt(body, 'items').map((one) => ({ kind: 'video', id: String(at(one, 'id')), title: 'A video' })),
        cursor: Math.max(Number(cursor ?? 0), ...listAt(body, 'items').map((one) => Number(at(one, 'at')))),
      }),
      keep: (kept, found) => Math.max(Number(kept), Number(found)),
    }),
  })

story(
  'F46: rows of one second are neither lost nor had twice, wherever a page or a run ends between them',
  async (world) => {
    const overlapMs = 60_000
    const streams = { videos: since(overlapMs) }
    const deps = {
      ...world.deps,
      providers: catalogOnly([{ ...world.deps.providers.catalog.get('madeup')!, streams }]),
    }
    await world.connect('con_1', { streams: ['videos'] })
    // What the platform shows: in order of time, which is a second long, and a minute behind for what one of its machines wrote.
    const rows: { id: string; at: number; shownAt: number }[] = []
    const write = (id: string, atMs: number, shownAt = atMs) =>
      rows.push({ id, at: Math.floor(atMs / 1_000) * 1_000, shownAt })
    world.platform.spoil = ({ query = {} }) => {
      const shown = rows.filter((row) => row.shownAt <= world.clock.now() && row.at >= Number(query.from))
      shown.sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1))
      const offset = Number(query.page ?? 0)
      return {
        items: shown.slice(offset, offset + 2).map(({ id, at }) => ({ id, at })),
        next: offset + 2 < shown.length ? String(offset + 2) : null,
      }
    }
    for (const id of ['a', 'b', 'c', 'd', 'e']) write(id, start - 500)
    await world.runDue({ deps })
    for (const id of ['f', 'g']) write(id, start - 200)
    write('late', start - 30_000, start + 1_000)
    await world.clock.sleep(2_000)
    const told = world.along.events.length
    await world.runDue({ deps, aheadMs: 48 * hour })
    const ids = (await world.stored()).list.map(({ id }) => id)
    assert.deepEqual(ids.sort(), ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'late'])
    const published = world.along.events.slice(told).filter(({ type }) => type === 'item.published')
    assert.deepEqual(published.map(({ data }) => (data.item as { id: string }).id).sort(), ['f', 'g', 'late'])
  },
)

story('a run that brought only who the audience is did not find an empty answer', async (world) => {
  const audience = defineStream({
    summary: 'Viewers',
    every: '24h',
    metrics: [],
    audiences: ['viewers'],
    idleCalls: 1,
    read: readOne({
      request: () => ({ path: '/viewers' }),
      parse: (body, _subject, { time }) => ({
        audiences: (at(body, 'countries') as string[]).map((country) => ({
          ...({ population: 'viewers', basis: 'share', dimensions: ['country'] } as const),
          period: { start: null, end: time.today() },
          rows: [{ group: { country }, value: 1 }],
        })),
      }),
    }),
  })
  const streams = { videos: audience }
  const deps = { ...world.deps, providers: catalogOnly([{ ...world.deps.providers.catalog.get('madeup')!, streams }]) }
  await world.connect('con_1', { streams: ['videos'] })
  const says: (string | null)[] = []
  for (const countries of [['KE'], ['KE'], []]) {
    world.platform.spoil = () => ({ countries })
    const [run] = await world.runDue({ deps, aheadMs: 48 * hour })
    says.push(run!.says)
    await world.clock.sleep(24 * hour)
  }
  assert.deepEqual(says, [null, null, 'The answer held nothing.'])
})

story('F48: a counter that goes down is stored as it is said, and flagged', async (world) => {
  const lifetime = defineStream({
    summary: 'Views',
    every: '24h',
    metrics: ['consumption.views', 'engagement.likes_daily'],
    idleCalls: 1,
    read: readOne({
      request: () => ({ path: '/views' }),
      parse: (body, _subject, { time }) => ({
        observations: [
          { metric: 'consumption.views', value: at(body, 'views') as number, day: time.today(), native: 'views' },
          { metric: 'engagement.likes_daily', value: at(body, 'likes') as number, day: time.today(), native: 'likes' },
        ],
      }),
    }),
  })
  const streams = { videos: lifetime }
  const deps = { ...world.deps, providers: catalogOnly([{ ...world.deps.providers.catalog.get('madeup')!, streams }]) }
  await world.connect('con_1', { streams: ['videos'] })
  const says: (string | null)[] = []
  for (const [views, likes] of [
    [1_000, 5],
    [1_200, 0],
    [900, -3],
    [950, 2],
  ]) {
    world.platform.spoil = () => ({ views: views!, likes: likes! })
    const [run] = await world.runDue({ deps, aheadMs: 48 * hour })
    assert.partialDeepStrictEqual(run, { state: 'succeeded', refused: 0 })
    says.push(run!.says)
    await world.clock.sleep(24 * hour)
  }
  const query = { connections: ['con_1'], metrics: [], limit: 99 }
  const stored = await world.deps.records.series(environmentId, query)
  assert.deepEqual(
    stored.map(({ value }) => value),
    [1_000, 1_200, 900, 950, 5, 0, -3, 2],
  )
  assert.deepEqual(says, [
    null,
    null,
    'Went down, and is stored as the platform says it: consumption.views from 1200 to 900. Of 1 amount more was taken back than came.',
    null,
  ])
})

/** The made-up platform, whose answers leave out accounts that are gone, and say so. */
const saysGone = defineStream({
  summary: 'Followers',
  every: '6h',
  metrics: ['audience.followers'],
  idleCalls: 1,
  read: readOne({
    request: ({ account }) => ({ path: '/channels', query: { ids: [account.id] } }),
    parse: (body, _subject, { time }) => {
      const followers = at(body, 'items', 0, 'followers') as number | undefined
      const about = { metric: 'audience.followers', day: time.today(), native: 'followers' } as const
      return followers === undefined
        ? { observations: [{ ...about, value: null, reason: 'unavailable' }], gone: 'The channel is closed.' }
        : { observations: [{ ...about, value: followers }] }
    },
  }),
})
const openTasks = ({ along }: TestWorld) => along.tasks.filter(({ closedAt }) => closedAt === null)

story(
  'F57: an account that is gone is a person’s matter with its cause; history stays, and it is asked for once a day',
  async (world) => {
    const streams = { channel: saysGone }
    const deps = {
      ...world.deps,
      providers: catalogOnly([{ ...world.deps.providers.catalog.get('madeup')!, streams }]),
    }
    await world.connect('con_1')
    const live = async (days: number) => {
      const calls = world.platform.requests.length
      for (const end = world.clock.now() + days * 24 * hour; world.clock.now() < end; ) {
        await world.runDue({ deps })
        await world.clock.sleep(Math.max(minute, Math.min(end, (await slotOf(world)).dueAt) - world.clock.now()))
      }
      return world.platform.requests.length - calls
    }
    await live(1)
    world.platform.followers.delete('acc_1')
    await live(1)
    assert.equal(await stateOf(world), 'degraded provider.missing')
    const [task, ...more] = openTasks(world)
    assert.deepEqual([task?.kind, task?.connectionId, more], ['check_account', 'con_1', []])
    assert.match(task!.description, /^The channel is closed\./)
    const slot = await slotOf(world)
    assert.deepEqual([slot.blocked, slot.lastFault], [null, 'provider.missing'])
    await live(3)
    const calls = await live(30)
    assert.ok(calls >= 25 && calls <= 62, `${calls} calls in 30 days of a stream that is read four times a day`)
    assert.equal(openTasks(world).length, 1)
    const values = (await world.stored()).accounts.map(({ value }) => value)
    assert.deepEqual([values[0], values.at(-1)], [100, null])

    world.platform.followers.set('acc_1', 120)
    await live(2)
    assert.equal(await stateOf(world), 'healthy')
    assert.deepEqual(openTasks(world), [])
    assert.equal((await world.stored()).accounts.at(-1)!.value, 120)
  },
)

story(
  'F30, F57: of accounts that are all gone at once a few are asked about: it is rather the platform',
  async (world) => {
    for (let nth = 1; nth <= 12; nth++) await world.connect(`con_${nth}`)
    await world.runDue()
    world.platform.followers.clear()
    for (let times = 0; times < 6; times++) await world.runDue({ aheadMs: 48 * hour })
    for (let nth = 1; nth <= 12; nth++) assert.equal(await stateOf(world, `con_${nth}`), 'degraded provider.missing')
    assert.deepEqual(
      openTasks(world).map(({ kind }) => kind),
      Array(5).fill('check_account'),
    )
  },
)

for (const to of ['paused', 'disconnected'] as const)
  story(`F57: nobody is asked about an account that is ${to} while it is read`, async (world) => {
    await world.connect('con_1')
    await world.runDue()
    world.platform.followers.clear()
    for (let times = 0; times < 2; times++) await world.runDue({ aheadMs: 48 * hour })
    assert.equal(await stateOf(world), 'healthy')
    world.platform.spoil = async () => {
      const change = { from: ['healthy'], to, reason: null } as const
      await world.deps.connections.move(environmentId, 'con_1', change, { at: world.clock.now(), actor: 'key:k' })
      return undefined
    }
    await world.runDue({ aheadMs: 48 * hour })
    assert.equal((await slotOf(world)).failures, 3)
    assert.equal(await stateOf(world), to)
    assert.deepEqual(openTasks(world), [])
  })

story('F57: accounts that go a month after others are asked about like the first', async (world) => {
  const gone = async (from: number, to: number) => {
    for (let nth = from; nth <= to; nth++) await world.connect(`con_${nth}`)
    await world.runDue()
    for (let nth = from; nth <= to; nth++) world.platform.followers.delete(`acc_${nth}`)
    for (let times = 0; times < 6; times++) await world.runDue({ aheadMs: 48 * hour })
    return openTasks(world).map(({ connectionId }) => connectionId)
  }
  assert.equal((await gone(1, 6)).length, 5)
  await world.clock.sleep(30 * 24 * hour)
  const asked = (await gone(7, 12)).slice(5)
  assert.equal(asked.length, 5)
  assert.ok(
    asked.every((id) => Number(id!.slice(4)) > 6),
    `${asked}`,
  )
})

story(
  'F56: a report that is made for hours is waited for by nobody, survives every process, and is no failure',
  async (world) => {
    const report = defineStream({
      summary: 'Followers',
      every: '24h',
      metrics: ['audience.followers'],
      idleCalls: 3,
      read: readReport({
        order: () => ({ method: 'POST', path: '/reports', idempotent: true }),
        idOf: (body) => at(body, 'id') as string,
        look: (id) => ({ path: `/reports/${id}` }),
        stateOf: (body) => (at(body, 'done') ? { state: 'ready', request: { path: '/file' } } : { state: 'pending' }),
        parse: (body, _subject, { time }) => ({
          observations: [
            { metric: 'audience.followers', value: at(body, 'n') as number, day: time.today(), native: 'n' },
          ],
        }),
      }),
    })
    const streams = { channel: report }
    const providers = catalogOnly([{ ...world.deps.providers.catalog.get('madeup')!, streams }])
    await world.connect('con_1')
    const ready = start + 5 * hour
    world.platform.spoil = ({ path }): Json =>
      path === '/reports' ? { id: 'r1' } : path === '/file' ? { n: 7 } : { done: world.clock.now() >= ready }
    const states = new Set<string>()
    for (let runs = 0; (await slotOf(world)).syncedAt === null && runs < 60; runs++) {
      const [run] = await world.runDue({ deps: { ...world.deps, providers } })
      const { failures, blocked, dueAt } = await slotOf(world)
      assert.deepEqual([failures, blocked], [0, null])
      if (run!.state !== 'succeeded')
        assert.match(run!.says!, /^Waits until .*: the platform is still making what it was asked for\.$/)
      states.add(run!.state)
      assert.ok(run!.endedAt! - run!.startedAt < minute, 'no run waits for it')
      await world.clock.sleep(Math.max(0, dueAt - world.clock.now()))
    }
    assert.deepEqual([...states], ['waiting', 'succeeded'])
    const asked = Map.groupBy(world.platform.requests, ({ request }) => request.path)
    assert.deepEqual([asked.get('/reports')!.length, asked.get('/file')!.length], [1, 1])
    const looks = asked.get('/reports/r1')!.length
    assert.ok(looks >= 20 && looks <= 31, `${looks} looks in five hours`)
    assert.deepEqual(
      (await world.stored()).accounts.map(({ value }) => value),
      [7],
    )
    assert.deepEqual([await stateOf(world), openTasks(world)], ['healthy', []])
  },
)

story('F17, F52: a bad row is set aside and costs nothing else', async (world) => {
  await world.connect('con_1')
  await world.connect('con_2')
  await world.connect('con_3')
  world.platform.followers.set('acc_2', 'many').set('acc_3', -4)
  const [run] = await world.runDue()
  assert.partialDeepStrictEqual(run, { state: 'partial', inserted: 1, refused: 2, fault: null })
  assert.equal(run!.says, '2 rows could not be understood and were set aside.')
  const refused = await world.deps.records.refusedRows(environmentId, { connections: ['con_2', 'con_3'], limit: 9 })
  assert.deepEqual(
    refused.map(({ connectionId, what, why }) => `${connectionId}: ${what}: ${why}`),
    ['con_2: audience.followers 2026-10-05: not a number: many', 'con_3: audience.followers 2026-10-05: negative: -4'],
  )
})

story(
  'F45: a row that is twice in one answer is said, and the run that has all rows is no partial one',
  async (world) => {
    await world.connect('con_1', { streams: ['videos'] })
    const twice = (...views: number[]) =>
      world.platform.videos.set(
        'acc_1',
        views.map((count) => ({ id: 'v1', views: count })),
      )
    twice(10, 20)
    const [run] = await world.runDue()
    assert.partialDeepStrictEqual(run, { state: 'succeeded', inserted: 1, refused: 0, fault: null })
    assert.equal(run!.says, '1 row was twice in one answer with something else in it, and the last counts.')
    const kept = await world.deps.records.refusedRows(environmentId, { connections: ['con_1'], limit: 9 })
    assert.deepEqual(
      kept.map(({ why }) => why),
      ['twice in one answer, and the last counts: 10'],
    )
    // Beside a row that says nothing it is counted for itself.
    world.platform.videos.set('acc_1', [
      { id: 'v1', views: 10 },
      { id: 'v1', views: 21 },
      { id: 'v2', views: -1 },
      { id: 'v2', views: 7 },
      { id: 'v3', views: 1 },
      { id: 'v3', views: 2 },
    ])
    const [next] = await world.runDue({ aheadMs: 48 * hour })
    assert.partialDeepStrictEqual(next, { state: 'partial', refused: 1 })
    assert.equal(
      next!.says,
      '1 row could not be understood and was set aside. 2 rows were twice in one answer with something else in them, and the last counts.',
    )
  },
)

story('an account that is missing in a batch fails alone', async (world) => {
  for (const id of ['con_1', 'con_2', 'con_3']) await world.connect(id)
  world.platform.followers.delete('acc_2')
  const [run] = await world.runDue()
  assert.partialDeepStrictEqual(run, { state: 'partial', inserted: 2, fault: 'provider.missing' })
  assert.match(
    run!.says!,
    /^1 of 3 accounts could not be read\. The account was not in the answer\. It is tried again at /,
  )
  assert.deepEqual(
    [(await slotOf(world, 'con_1')).lastFault, (await slotOf(world, 'con_2')).lastFault],
    [null, 'provider.missing'],
  )
  assert.deepEqual([await stateOf(world, 'con_2'), await stateOf(world, 'con_3')], ['pending', 'healthy'])
})

story('F24: accounts that nobody asked for are set aside', async (world) => {
  await world.connect('con_1')
  world.platform.spoil = () => ({
    items: [
      { id: 'acc_9', followers: 1 },
      { id: 'acc_1', followers: 2 },
    ],
  })
  assert.partialDeepStrictEqual((await world.runDue())[0], { inserted: 1, refused: 1 })
})

story('two connections to one account are one reading', async (world) => {
  await world.connect('con_1', { account: 'acc_1' })
  await world.connect('con_2', { account: 'acc_1' })
  assert.partialDeepStrictEqual((await world.runDue())[0], { calls: 1, inserted: 2, state: 'succeeded' })
  assert.deepEqual(world.platform.requests[0]!.request.query, { ids: ['acc_1'] })
  await world.connect('con_3', { account: 'acc_1', streams: ['videos'] })
  world.platform.videos.set('acc_1', videos(1))
  await world.runDue()
  await world.connect('con_4', { account: 'acc_1', streams: ['videos'] })
  const [run] = await world.runDue({ aheadMs: 48 * hour })
  assert.ok(run)
  assert.equal((await world.stored()).list.length, 2)
})

story('a used-up quota is waited for to the minute, and is nobody’s failure', async (world) => {
  await world.connect('con_1')
  const resetsAt = Date.parse('2026-10-06T07:00:00Z')
  world.platform.spoil = () => {
    throw new Fault('provider.exhausted', undefined, { quota: 'daily', waitMs: resetsAt - world.clock.now() })
  }
  const [run] = await world.runDue()
  assert.equal(run!.state, 'waiting')
  assert.equal(
    run!.says,
    'Waits until 2026-10-06 00:00 America/Los_Angeles because the platform says that the quota “daily” is used up today: 10,000 units a day.',
  )
  const slot = await slotOf(world)
  assert.ok(slot.dueAt >= resetsAt && slot.dueAt < resetsAt + minute)
  assert.deepEqual(
    [slot.failures, slot.blocked, slot.lastFault, slot.lastQuota],
    [0, null, 'provider.exhausted', 'daily'],
  )
  assert.equal(await stateOf(world), 'pending')
})

story('an outage degrades after three runs, asks nobody, and is over with the first success', async (world) => {
  await world.connect('con_1')
  await world.runDue()
  world.platform.spoil = failing(4, () => new Fault('provider.down'))
  const seen: string[] = []
  const waits: number[] = []
  for (let i = 0; i < 5; i++) {
    await world.runDue({ aheadMs: 12 * hour })
    seen.push(await stateOf(world))
    waits.push((await slotOf(world)).dueAt - world.clock.now())
  }
  assert.deepEqual(seen, ['healthy', 'healthy', 'degraded provider.down', 'degraded provider.down', 'healthy'])
  for (const [i, most] of [1, 2, 4, 8].entries())
    assert.ok(waits[i]! >= (most * minute) / 2 && waits[i]! <= most * minute)
  assert.deepEqual(world.along.tasks, [])
})

story('48 hours of outage end within half an hour of the platform’s return (F66)', async (world) => {
  await world.connect('con_1')
  const back = start + 48 * hour
  world.platform.spoil = () => {
    if (world.clock.now() < back) throw new Fault('provider.unreachable')
    return undefined
  }
  let runs = 0
  for (; (await slotOf(world)).syncedAt === null; runs++) {
    await world.clock.sleep(Math.max(0, (await slotOf(world)).dueAt - world.clock.now()))
    await world.runDue()
  }
  assert.ok(world.clock.now() <= back + 30 * minute)
  assert.ok(runs < 250, `${runs} runs`)
  assert.equal(await stateOf(world), 'healthy')
})

story('what is wrong with the app changes no connection (I34)', async (world) => {
  await world.connect('con_1')
  world.platform.spoil = () => {
    throw new Fault('setup.credentials')
  }
  for (let i = 0; i < 4; i++) await world.runDue({ aheadMs: 12 * hour })
  assert.equal(await stateOf(world), 'pending')
  assert.partialDeepStrictEqual(await slotOf(world), { failures: 4, blocked: null, lastFault: 'setup.credentials' })
})

story('a lost grant blocks only when the connect part confirmed it', async (world) => {
  await world.connect('con_1', { streams: ['videos'] })
  world.platform.spoil = () => {
    throw new Fault('connection.revoked')
  }
  await world.runDue()
  assert.equal((await slotOf(world)).blocked, null)
  const gone = { from: ['pending'], to: 'needs_reauth', reason: 'revoked' } as const
  await world.deps.connections.move(environmentId, 'con_1', gone, { at: world.clock.now(), actor: 'provider' })
  await world.runDue({ aheadMs: 48 * hour })
  assert.equal((await slotOf(world)).blocked, 'needs_reauth')
  assert.deepEqual(await world.runDue({ aheadMs: 96 * hour }), [])
})

story('in a batch, one account’s lost credential does not stop the others', async (world) => {
  for (const id of ['con_1', 'con_2', 'con_3']) await world.connect(id)
  world.platform.spoil = (_request, { grantId }) => {
    if (grantId === 'grt_con_1') throw new Fault('connection.expired')
    return undefined
  }
  const [run] = await world.runDue()
  assert.partialDeepStrictEqual(run, { state: 'partial', inserted: 2, calls: 2, fault: 'connection.expired' })
  assert.equal((await slotOf(world, 'con_1')).lastFault, 'connection.expired')
  assert.equal(await stateOf(world, 'con_3'), 'healthy')
})

story('F59: a permission that the platform misses is asked of the owner, and the rest goes on', async (world) => {
  await world.connect('con_1', { streams: ['channel', 'videos'] })
  world.platform.spoil = ({ path }) => {
    if (path === '/videos') throw new Fault('connection.scopes')
    return undefined
  }
  await world.runDue()
  assert.equal(await stateOf(world), 'degraded missing_scope')
  const [channel, videosSlot] = await world.deps.schedule.of(environmentId, ['con_1'])
  assert.deepEqual([channel!.blocked, videosSlot!.blocked], [null, 'missing_scope'])
  assert.deepEqual(
    world.along.tasks.map(({ kind }) => kind),
    ['grant_permission'],
  )
  await world.runDue({ aheadMs: 48 * hour })
  assert.equal(await stateOf(world), 'degraded missing_scope')
})

story('a paused connection is not read, whatever the schedule says', async (world) => {
  await world.connect('con_1')
  const pause = { from: ['pending'], to: 'paused', reason: 'paused' } as const
  await world.deps.connections.move(environmentId, 'con_1', pause, { at: start, actor: 'system' })
  const [run] = await world.runDue()
  assert.partialDeepStrictEqual(run, { state: 'failed', calls: 0, fault: 'connection.inactive' })
  assert.equal((await slotOf(world)).blocked, 'paused')
})

story('T27: a list that points at itself ends (F43)', async (world) => {
  await world.connect('con_1', { streams: ['daily'] })
  const stream = { ...world.deps.providers.catalog.get('madeup')!.streams.daily! }
  let asked = 0
  stream.read = async function* () {
    for (;;) yield { account: 'acc_1', checkpoint: { page: ++asked % 3 } }
  }
  const provider = { ...world.deps.providers.catalog.get('madeup')!, streams: { daily: stream } }
  const deps = { ...world.deps, providers: catalogOnly([provider]) }
  const [run] = await world.runDue({ deps })
  assert.partialDeepStrictEqual(run, { state: 'failed', fault: 'provider.changed', pages: 4 })
  const [place] = await world.deps.records.places(environmentId, [{ connectionId: 'con_1', stream: 'daily' }])
  assert.equal(place!.checkpoint, null)
})

story('F17: provider code that stumbles over an answer says that the answer changed', async (world) => {
  await world.connect('con_1')
  world.platform.spoil = () => ({ items: 'none' })
  assert.partialDeepStrictEqual((await world.runDue())[0], { state: 'failed', fault: 'provider.changed' })
})

story('F93: a run whose claim is lost writes nothing more, and its slot goes on (I26)', async (world) => {
  await world.connect('con_1')
  const slow = world.deps
  let release = () => {}
  world.platform.spoil = () => {
    if (world.platform.requests.length > 1) return undefined
    return new Promise<undefined>((resolve) => {
      release = () => resolve(undefined)
    })
  }
  // The process stalls: its heartbeat does not get through.
  const stalled = {
    ...slow,
    schedule: {
      ...slow.schedule,
      extend: async (...args: Parameters<typeof slow.schedule.extend>) =>
        world.clock.now() > start ? 1 : slow.schedule.extend(...args),
    },
  }
  const late = world.runDue({ deps: stalled, claim: 'clm_slow' })
  await world.clock.sleep(3 * minute)
  world.platform.followers.set('acc_1', 200)
  const [taken] = await world.runDue()
  assert.equal(taken!.state, 'succeeded')
  stalled.schedule.extend = slow.schedule.extend
  await world.clock.sleep(minute)
  release()
  const [lost] = await late
  assert.equal(lost!.state, 'abandoned')
  const runs = await world.deps.journal.readRuns(environmentId, { limit: 9 })
  assert.deepEqual(runs.map(({ state }) => state).sort(), ['abandoned', 'succeeded'])
  assert.partialDeepStrictEqual((await world.stored()).accounts, [{ value: 200, revision: 0 }])
  assert.equal((await slotOf(world)).lastRunId, taken!.id)
})

story('F93: a run that fails after it lost its claim says nothing of its connection', async (world) => {
  await world.connect('con_1')
  await world.runDue()
  world.platform.spoil = failing(failuresUntilDegraded - 1, () => new Fault('provider.down'))
  for (let i = 1; i < failuresUntilDegraded; i++) await world.runDue({ aheadMs: 8 * hour })
  let fail = () => {}
  world.platform.spoil = () => {
    world.platform.spoil = () => undefined
    return new Promise<undefined>((_, reject) => {
      fail = () => reject(new Fault('provider.down'))
    })
  }
  const { schedule } = world.deps
  const holdsAt = world.clock.now()
  const stalled = {
    ...world.deps,
    schedule: {
      ...schedule,
      extend: async (...args: Parameters<typeof schedule.extend>) => {
        if (world.clock.now() > holdsAt) throw new Error('away')
        return schedule.extend(...args)
      },
    },
  }
  const late = world.runDue({ deps: stalled, claim: 'clm_slow', aheadMs: 8 * hour })
  await world.clock.sleep(10 * minute)
  world.platform.followers.set('acc_1', 200)
  assert.equal((await world.runDue())[0]!.state, 'succeeded')
  stalled.schedule.extend = schedule.extend
  fail()
  assert.equal((await late)[0]!.state, 'abandoned')
  assert.equal((await world.deps.connections.read(environmentId, 'con_1'))!.state, 'healthy')
  assert.deepEqual(
    world.along.events.map(({ type }) => type).filter((type) => type.startsWith('connection.')),
    ['connection.healthy'],
  )
})

story('a run without an end is broken off and goes on from its last page', async (world) => {
  await world.connect('con_1', { streams: ['videos'] })
  world.platform.videos.set('acc_1', videos(4))
  let hang = true
  world.platform.spoil = async ({ query }) => {
    if (query?.page === '2' && hang) await world.clock.sleep(24 * hour)
    return undefined
  }
  const stalled = world.runDue()
  const [run] = await stalled
  assert.partialDeepStrictEqual(run, { fault: 'provider.timeout', inserted: 2 })
  hang = false
  assert.partialDeepStrictEqual((await world.runDue({ aheadMs: hour }))[0], { state: 'succeeded', inserted: 2 })
})

story('what ends the process three times is left alone for a while (F94)', async (world) => {
  await world.connect('con_1')
  for (let i = 0; i < 3; i++) {
    await world.deps.schedule.claim({
      now: world.clock.now(),
      until: world.clock.now() + minute,
      claim: `clm_${i}`,
      limit: 1,
    })
    await world.deps.journal.run({ ...(await blankRun(world)), id: `run_00000000${i}` })
    await world.clock.sleep(2 * minute)
    if (i === 2) break
    await world.deps.journal.run({ ...(await blankRun(world)), id: `run_00000000${i}`, state: 'abandoned' })
  }
  const [run] = await world.runDue()
  assert.partialDeepStrictEqual(run, { state: 'failed', fault: 'platform.bug', calls: 0 })
  assert.deepEqual(await world.runDue(), [])
  // Not until its next time, which may be a day away: it may have been somebody else who ended the process.
  assert.partialDeepStrictEqual((await world.runDue({ aheadMs: 15 * minute }))[0], { state: 'succeeded' })
})

async function blankRun({ deps }: TestWorld) {
  const slot = (await deps.schedule.of(environmentId, ['con_1']))[0]!
  const { integrationId, provider, stream, lane } = slot
  const counts = { pages: 0, calls: 0, inserted: 0, restated: 0, unchanged: 0, items: 0, refused: 0 }
  const times = { startedAt: deps.clock.now(), endedAt: null }
  const about = { environmentId, integrationId, provider, stream, lane, connectionIds: ['con_1'] }
  return { ...about, ...counts, ...times, trigger: 'schedule', state: 'running', fault: null, says: null } as const
}
