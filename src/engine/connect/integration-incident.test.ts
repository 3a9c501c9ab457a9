import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, hour, isFault, minute, second } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import { taskState } from '../../ports/journal.ts'
import { openTestWorld, type TestWorld } from './test-world.ts'

const story = (
  title: string,
  tell: (world: TestWorld, connection: Connection) => Promise<void>,
  options: { tasks: readonly string[] } = { tasks: [] },
) =>
  test(title, async () => {
    const world = await openTestWorld({ engines: 2 })
    await world.run(async () => {
      const { connection } = await world.connectAccount()
      await tell(world, connection)
      assert.equal((await world.connectionOf(connection)).state, 'pending', 'nobody’s fault')
      assert.equal((await world.grantOf(connection)).state, 'live')
      assert.deepEqual(world.openTasks(), options.tasks)
    })
    assert.deepEqual(world.sandbox.ledger.violations, [])
  })

/** Calls by both processes every few seconds for so long, whatever becomes of them. */
async function callsFor(world: TestWorld, connection: Connection, ms: number): Promise<void> {
  for (const end = world.clock.now() + ms; world.clock.now() < end; await world.clock.sleep(5 * second))
    for (const engine of [0, 1])
      await world.call(connection, engine).catch((error) => assert.ok(isFault(error), `${error}`))
}

const incidents = async (world: TestWorld) =>
  (await world.stores.journal.readIncidents(world.environment.id, { limit: 10 })).map(({ code, closedAt }) => [
    code,
    closedAt === null ? 'open' : 'closed',
  ])
const told = (world: TestWorld) => world.events().filter((type) => type.startsWith('integration.'))
const tokenRoute = 'POST accounts.tuneful.example/oauth/token'
const api = 'GET api.tuneful.example/v1/me'

story('a platform that goes on not working is one incident, over with the first answer', async (world, connection) => {
  world.sandbox.weather.add({ kind: 'outage', route: api })
  await callsFor(world, connection, 10 * minute)
  assert.deepEqual(await incidents(world), [['provider.down', 'open']])
  world.sandbox.weather.clear()
  await callsFor(world, connection, 10 * minute)
  assert.deepEqual(await incidents(world), [['provider.down', 'closed']])
  assert.deepEqual(told(world), ['integration.incident', 'integration.recovered'])
})

story('a few failed calls are weather', async (world, connection) => {
  world.sandbox.weather.add({ kind: 'fail', status: 503, route: api, probability: 0.3 })
  await callsFor(world, connection, 10 * minute)
  assert.deepEqual(await incidents(world), [])
})

story('tokens that can be had say nothing about calls that fail', async (world, connection) => {
  world.sandbox.weather.add({ kind: 'outage', route: api })
  await callsFor(world, connection, 5 * minute)
  await world.clock.sleep(hour)
  const requests = world.tokenRequests().length
  await world.credentials.refresh(world.environment.id, connection.grantId)
  assert.ok(world.tokenRequests().length > requests)
  assert.deepEqual(await incidents(world), [['provider.down', 'open']])
})

story('a token endpoint that fails in several ways is one incident', async (world, connection) => {
  await world.clock.sleep(hour)
  for (const kind of ['html', 'outage', 'throttle'] as const) {
    const weather = world.sandbox.weather.add({ kind, route: tokenRoute })
    await callsFor(world, connection, 10 * minute)
    world.sandbox.weather.clear(weather)
  }
  await callsFor(world, connection, hour)
  assert.deepEqual(await incidents(world), [['provider.down', 'closed']])
  assert.deepEqual(told(world), ['integration.incident', 'integration.recovered'])
})

story(
  'an app that needs its operator is not hidden by an outage',
  async (world, connection) => {
    await world.clock.sleep(hour)
    const weather = world.sandbox.weather.add({ kind: 'outage', route: tokenRoute })
    await callsFor(world, connection, 5 * minute)
    world.sandbox.weather.clear(weather)
    const app = world.sandbox.apps.first('tuneful')
    world.sandbox.apps.register({ ...app, clientSecret: 'rotated elsewhere' })
    await callsFor(world, connection, 20 * minute)
    assert.deepEqual(await incidents(world), [
      ['setup.credentials', 'open'],
      ['provider.down', 'closed'],
    ])
    world.sandbox.weather.add({ kind: 'outage', route: tokenRoute })
    await callsFor(world, connection, 10 * minute)
    assert.deepEqual((await incidents(world))[0], ['setup.credentials', 'open'])
    assert.equal((await incidents(world)).length, 2)
  },
  { tasks: ['set_up'] },
)

for (const [end, priority] of [
  ['2026-12-31T23:59:59Z', 'low'],
  ['2026-05-01T00:00:00Z', 'normal'],
  ['2026-03-12T00:00:00Z', 'high'],
] as const)
  test(`F53: that the platform announces an end for ${end} is one task of the app, due then, and of priority ${priority}`, async () => {
    const world = await openTestWorld({
      engines: 2,
      network: (sandbox) => ({
        async send(request, signal) {
          const answer = await sandbox.send(request, signal)
          return { ...answer, headers: { ...answer.headers, sunset: new Date(end).toUTCString() } }
        },
      }),
    })
    await world.run(async () => {
      const { connection } = await world.connectAccount()
      for (let days = 0; days < 3; days++) {
        for (const engine of [0, 1]) await world.call(connection, engine)
        await world.clock.sleep(25 * hour)
      }
      const [task, ...more] = world.along.tasks.filter(({ kind }) => kind === 'prepare_change')
      assert.deepEqual(
        [task?.subject, task?.priority, task?.dueAt, more],
        [world.integrationId, priority, Date.parse(end), []],
      )
      assert.match(
        task!.description,
        new RegExp(`GET api\\.tuneful\\.example/v1/me\\. It ends on ${end.slice(0, 10)}\\.`),
      )
      assert.equal((await world.connectionOf(connection)).state, 'pending')
    })
  })

const dayAfter = (now: number, days: number) => Math.floor(now / 1000) * 1000 + days * dayMs

/** What an app is asked while its platform announces what `says` holds, with one call a day. */
const endStory = (
  title: string,
  tell: (scene: {
    world: TestWorld
    announce: (at: number | null) => void
    live: (days: number) => Promise<void>
    /** Oldest first, as `state priority` and the day that it is due, from now. */
    asked: () => string[]
  }) => Promise<void>,
) =>
  test(title, async () => {
    let headers: Record<string, string> = {}
    const world = await openTestWorld({
      network: (sandbox) => ({
        async send(request, signal) {
          const answer = await sandbox.send(request, signal)
          return { ...answer, headers: { ...answer.headers, ...headers } }
        },
      }),
    })
    const start = world.clock.now()
    const asked = () =>
      world.along.tasks
        .filter(({ kind, subject }) => kind === 'prepare_change' && subject === world.integrationId)
        .map((task) => {
          const due = task.dueAt === null ? 'no day' : `day ${Math.round((task.dueAt - start) / dayMs)}`
          return `${taskState(task, world.clock.now())} ${task.priority} ${due}`
        })
    await world.run(async () => {
      const { connection } = await world.connectAccount()
      await world.startJobs()
      const live = async (days: number) => {
        for (let day = 0; day < days; day++) {
          await world.call(connection)
          await world.clock.sleep(dayMs)
          await world.jobs.fire('connect.sweep')
          await world.clock.sleep(minute)
        }
      }
      const announce = (at: number | null) => {
        headers = at === null ? { deprecation: 'true' } : { sunset: new Date(at).toUTCString() }
      }
      await tell({ world, announce, live, asked })
      await world.jobs.stop(1_000)
    })
  })

endStory('F53: as its day comes nearer it weighs more, and when it is over nobody is asked', async (scene) => {
  const { world, announce, live, asked } = scene
  announce(dayAfter(world.clock.now(), 95))
  await live(2)
  assert.deepEqual(asked(), ['open low day 95'])
  await live(10)
  assert.deepEqual(asked(), ['done low day 95', 'open normal day 95'])
  await live(75)
  assert.deepEqual(asked(), ['done low day 95', 'done normal day 95', 'open high day 95'])
  // It is announced and answers long after.
  await live(20)
  assert.deepEqual(asked(), ['done low day 95', 'done normal day 95', 'done high day 95'])
})

endStory('F53: a nearer end is told, a later one when the former is over', async ({ world, announce, live, asked }) => {
  const start = world.clock.now()
  announce(null)
  await live(2)
  assert.deepEqual(asked(), ['open low no day'])
  announce(dayAfter(start, 40))
  await live(2)
  assert.deepEqual(asked(), ['done low no day', 'open normal day 40'])
  announce(dayAfter(start, 200))
  await live(2)
  assert.equal(asked().length, 2)
  announce(dayAfter(start, 10))
  await live(2)
  assert.deepEqual(asked().slice(1), ['done normal day 40', 'open high day 10'])
  announce(dayAfter(start, 200))
  await live(6)
  assert.deepEqual(asked().slice(2), ['done high day 10', 'open low day 200'])
})

endStory('F53: what somebody put off or turned down weighs nothing more, and a nearer end is told', async (scene) => {
  const { world, announce, live, asked } = scene
  const start = world.clock.now()
  announce(dayAfter(start, 100))
  await live(1)
  const [task] = world.along.tasks.filter(({ kind }) => kind === 'prepare_change')
  const turnedDown = { snoozedUntil: null, dismissedAt: world.clock.now() }
  await world.stores.journal.changeTask(world.environment.id, task!.id, turnedDown, { at: 0, actor: 'user:u' })
  await live(20)
  assert.deepEqual(asked(), ['dismissed low day 100'])
  announce(dayAfter(start, 30))
  await live(1)
  assert.deepEqual(asked(), ['done low day 100', 'open high day 30'])
})

endStory('F53: an end that was over when it was told is asked about for a week, once', async (scene) => {
  const { world, announce, live, asked } = scene
  announce(dayAfter(world.clock.now(), -3))
  await live(5)
  assert.deepEqual(asked(), ['open high day -3'])
  await live(15)
  assert.deepEqual(asked(), ['done high day -3'])
})

endStory('F53: what names no day is asked about again after half a year, and as long as it is said', async (scene) => {
  const { world, announce, live, asked } = scene
  announce(null)
  await live(175)
  assert.deepEqual(asked(), ['open low no day'])
  await live(10)
  assert.deepEqual(asked(), ['done low no day', 'open low no day'])
  const task = world.along.tasks.at(-1)!
  const turnedDown = { snoozedUntil: null, dismissedAt: world.clock.now() }
  await world.stores.journal.changeTask(world.environment.id, task.id, turnedDown, { at: 0, actor: 'user:u' })
  await live(200)
  assert.deepEqual(asked(), ['done low no day', 'dismissed low no day'])
})
