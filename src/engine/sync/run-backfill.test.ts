import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDays, defineProvider, defineStream, Fault, hour, type Json, minute, type Page } from '@patchbay/kit'
import { openMemoryBackfills } from '../../drivers/backfills/memory.ts'
import { openMemoryJobs } from '../../drivers/jobs/memory.ts'
import { catalogOnly } from '../definitions/providers.ts'
import { askForBackfill, moveBackfill, runBackfills, startBackfillJobs, type Wanted } from './backfill-jobs.ts'
import { backfillOutlook, runNextBackfill } from './run-backfill.ts'
import { environmentId, madeUp, openTestWorld, type TestWorld } from './test-world.ts'

/** Ten days a page, from the newest back. Each day has as many plays as its number in the month. */
const daily = defineStream({
  summary: 'Plays of each day',
  every: '24h',
  metrics: ['consumption.views_daily'],
  idleCalls: 1,
  backfill: { days: 400 },
  async *read({ http, subjects, range, time }) {
    for (const { account, checkpoint } of subjects) {
      const from = range?.from ?? addDays(time.today(), -3)
      let to = (checkpoint as string | null) ?? range?.to ?? time.today()
      for (;;) {
        const first = addDays(to, -9) < from ? from : addDays(to, -9)
        await http.get('/daily', { channel: account.id, from: first, to })
        const observations = []
        for (let day = first; day <= to; day = addDays(day, 1))
          observations.push({
            metric: 'consumption.views_daily' as const,
            day,
            value: Number(day.slice(8)),
            native: 'p',
          })
        if (first === from) {
          yield { account: account.id, observations, cursor: `read to ${to}` }
          break
        }
        to = addDays(first, -1)
        yield { account: account.id, observations, checkpoint: to as Json }
      }
    }
  },
})

const provider = defineProvider({ ...madeUp, streams: { ...madeUp.streams, daily } })
const idle = { isIdle: () => true }

async function openWorld() {
  const world = await openTestWorld()
  const backfills = openMemoryBackfills(world.along)
  const jobs = openMemoryJobs(world.clock)
  const deps = { ...world.deps, providers: catalogOnly([provider]), backfills, jobs }
  const environment = { id: environmentId, workspace: 'w', mode: 'test' as const, createdAt: 0 }
  const ask = async (wanted: Partial<Wanted> = {}) =>
    askForBackfill(
      deps,
      environment,
      (await deps.connections.read(environmentId, 'con_1'))!,
      { stream: 'daily', from: '2026-08-01', to: '2026-09-29', ...wanted },
      'key:k',
    )
  const now = async (id: string) => (await backfills.read(environmentId, id))!
  const days = async () => (await world.stored()).accounts.map(({ day }) => day)
  return { world, deps, ask, now, days }
}

const story = (title: string, tell: (opened: Awaited<ReturnType<typeof openWorld>>) => Promise<void>) =>
  test(title, async () => {
    const opened = await openWorld()
    await opened.world.clock.run(async () => {
      await opened.world.connect('con_1', { streams: ['daily'] })
      await tell(opened)
    })
  })

const calls = ({ platform }: TestWorld) =>
  platform.requests.map(({ request }) => `${request.query!.from}…${request.query!.to}`.replaceAll('2026-', ''))
const never = new AbortController().signal

story(
  'every wanted day is read, in the lane behind all others, and the stream’s own place stays',
  async ({ world, deps, ask, now, days }) => {
    await world.runDue({ deps })
    const place = async () =>
      (await deps.records.places(environmentId, [{ connectionId: 'con_1', stream: 'daily' }]))[0]!
    const before = await place()
    world.platform.requests.length = 0
    const { id } = await ask()
    await runBackfills(deps, idle, never)
    assert.partialDeepStrictEqual(await now(id), {
      ...{ state: 'done', pages: 6, calls: 6, written: 60, seenFrom: '2026-08-01', seenTo: '2026-09-29', fault: null },
    })
    assert.equal((await days()).filter((day) => day >= '2026-08-01' && day <= '2026-09-29').length, 60)
    assert.deepEqual(await place(), before)
    assert.ok(
      world.platform.requests.every(
        ({ target }) => target.lane === 'backfill' && target.spares === 'always' && target.runId === id,
      ),
    )
    assert.deepEqual(
      world.along.events.filter(({ type }) => type.startsWith('backfill')).map(({ type }) => type),
      ['backfill.done'],
    )
    assert.equal(await runNextBackfill(deps, never), false)
  },
)

story(
  'killed after any page, it goes on from there, and no day is asked for twice but the one in flight',
  async ({ world, deps, ask, now, days }) => {
    for (let page = 1; page <= 6; page++) {
      world.platform.requests.length = 0
      const { id } = await ask({ from: '2026-08-01', to: '2026-09-29' })
      // The process dies in the call after that page: nothing is settled.
      world.platform.spoil = () => (world.platform.requests.length === page ? new Promise<never>(() => {}) : undefined)
      const killed = runNextBackfill(deps, never).catch(() => true)
      await Promise.race([killed, world.clock.sleep(30_000)])
      world.platform.spoil = () => undefined
      assert.equal((await now(id)).state, 'running')
      await world.clock.sleep(10 * minute)
      assert.equal(await runNextBackfill(deps, never), true)
      assert.partialDeepStrictEqual(await now(id), { state: 'done', seenFrom: '2026-08-01', seenTo: '2026-09-29' })
      const asked = calls(world)
      assert.equal(new Set(asked).size, 6, `${asked}`)
      assert.ok(asked.length <= 7, `${asked}`)
    }
    assert.equal(new Set(await days()).size, 60)
  },
)

story(
  'F52: a row whose day is none is set aside, and says nothing of how far it is',
  async ({ world, deps, ask, now }) => {
    const sloppy = {
      ...daily,
      async *read(options: Parameters<typeof daily.read>[0]) {
        for await (const page of daily.read(options) as AsyncIterable<Page>) {
          const [first] = page.observations!
          const odd = ['2026-08-15T00:00', undefined].map((day) => ({ ...first!, day: day as string }))
          yield { ...page, observations: [...odd, ...page.observations!] }
        }
      },
    } as typeof daily
    const providers = catalogOnly([{ ...provider, streams: { ...provider.streams, daily: sloppy } }])
    const { id } = await ask()
    const stop = new AbortController()
    world.platform.spoil = () => {
      if (world.platform.requests.length === 2) stop.abort()
      return undefined
    }
    await runNextBackfill({ ...deps, providers }, stop.signal)
    const half = await now(id)
    assert.partialDeepStrictEqual(half, { state: 'waiting', seenFrom: '2026-09-10', seenTo: '2026-09-29' })
    assert.equal(backfillOutlook(half, world.clock.now()).share, 20 / 60)
  },
)

story(
  'paused it stops after its page, resumed it goes on, cancelled it ends; what was read stays',
  async ({ world, deps, ask, now, days }) => {
    const { id } = await ask()
    world.platform.spoil = async () => {
      if (world.platform.requests.length === 2) await moveBackfill(deps, await now(id), 'pause', 'key:k')
      return undefined
    }
    await runBackfills(deps, idle, never)
    assert.equal((await now(id)).state, 'paused')
    assert.equal((await days()).length, 10, 'what came after the pause was not written')
    await runBackfills(deps, idle, never)
    assert.equal(world.platform.requests.length, 2)
    await assert.rejects(moveBackfill(deps, await now(id), 'pause', 'key:k'), { code: 'input.conflict' })
    world.platform.spoil = () => undefined
    await moveBackfill(deps, await now(id), 'resume', 'key:k')
    await runBackfills(deps, idle, never)
    assert.equal((await now(id)).state, 'done')
    assert.equal((await days()).length, 60)
    const other = await ask({ from: '2026-07-01', to: '2026-07-31' })
    await moveBackfill(deps, other, 'cancel', 'key:k')
    await runBackfills(deps, idle, never)
    assert.equal((await days()).length, 60)
  },
)

story('a stop breaks off the page that is being read, and what was read stays', async ({ world, deps, ask, now }) => {
  const { id } = await ask()
  const stopping = new AbortController()
  const wrapped = deps.gateway.http
  // The third page takes a minute and a half, which is less than a page may take.
  const gateway: typeof deps.gateway = {
    ...deps.gateway,
    http: (target, signal) => {
      const http = wrapped(target, signal)
      const get: typeof http.get = async (...question) => {
        if (world.platform.requests.length === 2) await world.clock.sleep(1.5 * minute, signal)
        return http.get(...question)
      }
      return new Proxy(http, { get: (all, name) => (name === 'get' ? get : Reflect.get(all, name)) })
    },
  }
  await startBackfillJobs({ ...deps, gateway }, idle, stopping.signal)
  await deps.jobs.start()
  await world.clock.sleep(10_000)
  const stoppedAt = world.clock.now()
  stopping.abort()
  await deps.jobs.stop(10_000)
  assert.ok(world.clock.now() - stoppedAt < 1_000, `it took ${world.clock.now() - stoppedAt} ms`)
  assert.partialDeepStrictEqual(await now(id), { state: 'waiting', pages: 2, fault: null, failures: 0 })
  await runBackfills(deps, idle, never)
  assert.partialDeepStrictEqual(await now(id), { state: 'done', pages: 6, calls: 6 })
})

story('it waits while anything that is due waits', async ({ world, deps, ask }) => {
  await ask()
  await runBackfills(deps, { isIdle: () => false }, never)
  assert.equal(world.platform.requests.length, 0)
  let turns = 0
  await runBackfills(deps, { isIdle: () => ++turns <= 1 }, never)
  assert.equal(world.platform.requests.length, 6)
})

story(
  'a quota is waited for exactly, an outage with longer waits, and what only a person can mend fails and can be resumed',
  async ({ world, deps, ask, now }) => {
    const { id } = await ask()
    const failing = (fault: Fault) => {
      world.platform.spoil = () => {
        throw fault
      }
      return runNextBackfill(deps, never)
    }
    await failing(new Fault('provider.exhausted', undefined, { waitMs: 5 * hour }))
    const waiting = await now(id)
    assert.partialDeepStrictEqual(waiting, { state: 'waiting', fault: 'provider.exhausted', failures: 0 })
    assert.ok(Math.abs(waiting.readyAt - (world.clock.now() + 5 * hour)) < 1_000)
    assert.equal(await runNextBackfill(deps, never), false)
    await world.clock.sleep(5 * hour + 1)
    for (let i = 1; i <= 5; i++) {
      await failing(new Fault('provider.down'))
      assert.partialDeepStrictEqual(await now(id), { state: 'waiting', failures: i })
      await world.clock.sleep(2 * hour)
    }
    await failing(new Fault('provider.down'))
    assert.partialDeepStrictEqual(await now(id), { state: 'failed', fault: 'provider.down', failures: 6 })
    world.platform.spoil = () => undefined
    await moveBackfill(deps, await now(id), 'resume', 'key:k')
    await runBackfills(deps, idle, never)
    assert.equal((await now(id)).state, 'done')

    const next = await ask()
    await deps.connections.move(
      environmentId,
      'con_1',
      { from: ['pending', 'healthy'], to: 'paused', reason: null },
      { at: world.clock.now(), actor: 'key:k' },
    )
    await runNextBackfill(deps, never)
    assert.partialDeepStrictEqual(await now(next.id), { state: 'failed', fault: 'connection.inactive' })
  },
)

story('F41: one whose place the platform refuses begins again', async ({ world, deps, ask, now }) => {
  const { id } = await ask()
  const stop = new AbortController()
  world.platform.spoil = () => {
    if (world.platform.requests.length === 3) stop.abort()
    return undefined
  }
  await runNextBackfill(deps, stop.signal)
  world.platform.spoil = ({ query }) => {
    // Any place that was kept is refused, without a word that would tell why.
    if (query?.to !== '2026-09-29') throw new Fault('provider.rejected', undefined, { status: 400 })
    return undefined
  }
  await runNextBackfill(deps, never)
  assert.partialDeepStrictEqual(await now(id), { state: 'waiting', fault: 'provider.rejected', failures: 1 })
  await world.clock.sleep(hour)
  world.platform.spoil = () => undefined
  const before = world.platform.requests.length
  await runBackfills(deps, idle, never)
  assert.equal((await now(id)).state, 'done')
  assert.equal(world.platform.requests[before]!.request.query!.to, '2026-09-29')
})

story(
  'F41: one whose page far behind is refused for good fails, however many good pages come before it',
  async ({ world, deps, ask, now }) => {
    const refused = addDays('2026-09-29', -240)
    const { id } = await ask({ from: addDays('2026-09-29', -299), to: '2026-09-29' })
    world.platform.spoil = ({ query }) => {
      if (query?.to === refused) throw new Fault('provider.rejected', undefined, { status: 400 })
      return undefined
    }
    for (let turn = 1; turn <= 30 && (await now(id)).state === 'waiting'; turn++) {
      await runNextBackfill(deps, never)
      await world.clock.sleep(2 * hour)
    }
    assert.partialDeepStrictEqual(await now(id), { state: 'failed', fault: 'provider.rejected', failures: 6 })
    assert.ok(world.platform.requests.length < 120, `${world.platform.requests.length} calls`)
    world.platform.spoil = () => undefined
    await moveBackfill(deps, await now(id), 'resume', 'key:k')
    await runBackfills(deps, idle, never)
    assert.equal((await now(id)).state, 'done')
  },
)

story('what goes on bringing new days is forgiven its failures', async ({ world, deps, ask, now }) => {
  const { id } = await ask({ from: addDays('2026-09-29', -299), to: '2026-09-29' })
  world.platform.spoil = () => {
    throw new Fault('provider.down')
  }
  await runNextBackfill(deps, never)
  assert.equal((await now(id)).failures, 1)
  world.platform.spoil = () => undefined
  await world.clock.sleep(2 * hour)
  await runNextBackfill(deps, never)
  assert.partialDeepStrictEqual(await now(id), { state: 'waiting', pages: 20, failures: 0 })
})

story('one that failed is not resumed while another of its stream is open', async ({ world, deps, ask, now }) => {
  const first = await ask()
  world.platform.spoil = () => {
    throw new Fault('connection.scopes')
  }
  await runNextBackfill(deps, never)
  assert.equal((await now(first.id)).state, 'failed')
  const second = await ask()
  // Asked for after somebody looked whether another one is open.
  const unseen = { ...deps, backfills: { ...deps.backfills, list: async () => [] } }
  await assert.rejects(moveBackfill(unseen, await now(first.id), 'resume', 'key:k'), {
    code: 'input.conflict',
    message: 'Another backfill of this stream is open. Cancel it, or wait for its end.',
  })
  await moveBackfill(deps, second, 'cancel', 'key:k')
  await moveBackfill(deps, await now(first.id), 'resume', 'key:k')
  assert.equal((await now(first.id)).state, 'waiting')
})

story('what makes no sense is refused with what would', async ({ ask, deps, world }) => {
  for (const [wanted, code, says] of [
    [{ stream: 'nothing' }, 'input.invalid', /no stream "nothing"/],
    [{ stream: 'channel' }, 'input.invalid', /Those that can: daily/],
    [{ from: '2026-09-30' }, 'input.invalid', /from is after to/],
    [{ to: '2026-12-01' }, 'input.invalid', /in the future/],
    [{ from: '2025-01-01' }, 'input.invalid', /goes back to 2025-08-31/],
  ] as const)
    await assert.rejects(
      ask(wanted),
      (error: Fault) => error.code === code && says.test(error.message),
      JSON.stringify(wanted),
    )
  const first = await ask()
  await assert.rejects(ask({ from: '2026-01-01' }), { code: 'input.conflict' })
  await moveBackfill(deps, first, 'cancel', 'key:k')
  await ask()
  await world.deps.connections.move(
    environmentId,
    'con_1',
    { from: ['pending'], to: 'paused', reason: null },
    { at: 0, actor: 'key:k' },
  )
  await assert.rejects(ask({ stream: 'daily' }), { code: 'connection.inactive' })
})

test('how far it is, and when it will be done', async () => {
  const { ask, world } = await openWorld()
  await world.clock.run(async () => {
    await world.connect('con_1', { streams: ['daily'] })
    const made = await ask({ from: '2026-08-01', to: '2026-08-10' })
    assert.deepEqual(backfillOutlook(made, 0), { share: 0, endsAt: null })
    const half = { ...made, state: 'running', seenFrom: '2026-08-06', seenTo: '2026-08-10', startedAt: 1_000 } as const
    assert.deepEqual(backfillOutlook(half, 3_000), { share: 0.5, endsAt: 5_000 })
    assert.deepEqual(backfillOutlook({ ...half, state: 'paused' }, 3_000), { share: 0.5, endsAt: null })
    assert.deepEqual(backfillOutlook({ ...half, seenFrom: '2026-08-01' }, 3_000).share, 0.99)
    assert.deepEqual(backfillOutlook({ ...half, state: 'done' }, 3_000), { share: 1, endsAt: null })
  })
})
