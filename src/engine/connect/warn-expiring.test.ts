import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, hour, minute } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import { firstWarningAt } from './grant-end.ts'
import { unitOfGrant } from './plan-refresh.ts'
import { runDueRefreshes } from './refresh-due.ts'
import { openTestWorld, type TestWorld, type WorldOptions } from './test-world.ts'
import { runWarnings } from './warn-expiring.ts'

/** A consent that counts for half a year, whatever is renewed. */
const halfYear: WorldOptions = {
  auth: { refresh: { model: 'keeps' }, consent: { days: 180, source: 'made up' } },
}

const story = (
  title: string,
  tell: (world: TestWorld, connection: Connection) => Promise<void>,
  options: WorldOptions = halfYear,
) =>
  test(title, async () => {
    const world = await openTestWorld(options)
    await world.run(async () => tell(world, (await world.connectAccount()).connection))
    assert.deepEqual(world.sandbox.ledger.violations, [])
  })

/** When every world begins. */
const start = Date.parse('2026-03-02T12:00:00Z')

const rfc6749 = (grant: {
  accessToken: string
  refreshToken: string | null
  expiresInSeconds: number
  scopes: readonly string[]
}) => ({
  access_token: grant.accessToken,
  refresh_token: grant.refreshToken,
  expires_in: grant.expiresInSeconds,
  scope: grant.scopes.join(' '),
})

/** Time in which every process looks, every six hours. */
async function pass(world: TestWorld, ms: number): Promise<void> {
  for (const end = world.clock.now() + ms; world.clock.now() < end; ) {
    await world.clock.sleep(6 * hour)
    await Promise.all(world.engines.map(({ deps }) => runWarnings(deps, world.setting)))
    await runDueRefreshes(world.deps, world.credentials)
  }
}

const told = (world: TestWorld, { id }: Connection) =>
  world.along.events
    .filter(({ type, connectionId }) => type === 'connection.expiring' && connectionId === id)
    .map(({ data }) => data.days)
const openTask = (world: TestWorld, { id }: Connection) =>
  world.along.tasks.filter(({ connectionId, closedAt }) => connectionId === id && closedAt === null)

story(
  'four warnings, once each however many processes look, and each with a more urgent task in the place of the one before',
  async (world, connection) => {
    await pass(world, 165 * dayMs)
    assert.deepEqual([told(world, connection), openTask(world, connection)], [[], []])
    const seen: unknown[] = []
    for (const days of [14, 7, 3, 1]) {
      const grant = await world.grantOf(connection)
      await pass(world, grant.endsAt! - days * dayMs + 7 * hour - world.clock.now())
      const [task, ...more] = openTask(world, connection)
      assert.equal(more.length, 0)
      assert.deepEqual([task!.kind, task!.dueAt], ['reconnect', grant.endsAt])
      seen.push([told(world, connection).at(-1), task!.priority, task!.impact])
    }
    assert.deepEqual(seen, [
      [14, 'low', 10],
      [7, 'normal', 30],
      [3, 'high', 50],
      [1, 'high', 70],
    ])
    assert.deepEqual(told(world, connection), [14, 7, 3, 1])
    assert.equal(world.along.tasks.length, 4)
  },
  { ...halfYear, engines: 3 },
)

story('another consent closes the task, and begins another half year', async (world, connection) => {
  await pass(world, 170 * dayMs)
  assert.deepEqual(told(world, connection), [14])
  await world.connectAccount({ reconnect: connection.id })
  assert.deepEqual(openTask(world, connection), [])
  await pass(world, 160 * dayMs)
  assert.deepEqual([told(world, connection), openTask(world, connection)], [[14], []])
  await pass(world, 7 * dayMs)
  assert.deepEqual(told(world, connection), [14, 14])
})

story('one consent closes the tasks of every connection that lives by the grant', async (world, connection) => {
  const { connection: other } = await world.connectAccount({ profile: 'label' })
  assert.equal(other.grantId, connection.grantId)
  await pass(world, 170 * dayMs)
  assert.deepEqual([openTask(world, connection).length, openTask(world, other).length], [1, 1])
  await world.connectAccount({ reconnect: connection.id })
  assert.deepEqual(world.openTasks(), [])
})

story('after a long sleep only the newest step is told', async (world, connection) => {
  await world.clock.sleep(178 * dayMs)
  await pass(world, 6 * hour)
  assert.deepEqual(told(world, connection), [3])
  await pass(world, dayMs)
  assert.deepEqual(told(world, connection), [3, 1])
  await pass(world, 5 * dayMs)
  assert.deepEqual(told(world, connection), [3, 1])
})

story(
  'what renews itself is not warned of',
  async (world, connection) => {
    await pass(world, 40 * dayMs)
    assert.deepEqual([told(world, connection), world.openTasks()], [[], []])
    assert.equal((await world.grantOf(connection)).endsAt, null)
  },
  { auth: { refresh: { model: 'rotates', graceMs: 0, source: 'made up' } } },
)

story(
  'F67: a refresh token of a week that no renewal prolongs is told apart from one that moves along',
  async (world, connection) => {
    assert.equal((await world.grantOf(connection)).endsAt, null, 'nobody can know yet')
    await pass(world, 2 * dayMs)
    assert.equal((await world.grantOf(connection)).endsAt, start + 7 * dayMs)
    assert.deepEqual(told(world, connection), [7])
    assert.match(openTask(world, connection)[0]!.description, /does not move/)
  },
  {
    auth: { refresh: { model: 'keeps' } },
    // An instant instead of a lifetime, as some write it: the same in every answer.
    emulator: {
      oauth: { answer: (grant) => ({ ...rfc6749(grant), refresh_token_expires_in: (start + 7 * dayMs) / 1000 }) },
    },
  },
)

story(
  'a token that nothing renews ends when it ends, and that is told',
  async (world, connection) => {
    await runWarnings(world.deps, world.setting)
    assert.deepEqual(told(world, connection), [])
    await pass(world, 47 * dayMs)
    assert.deepEqual(told(world, connection), [14])
    assert.match(openTask(world, connection)[0]!.description, /nothing that could renew it/)
  },
  {
    auth: { refresh: { model: 'none' } },
    emulator: { oauth: { accessLifetimeSeconds: 60 * 86_400 } },
  },
)

story('a thousand that end together are told over an hour, and none is left out', async (world, connection) => {
  const grant = await world.grantOf(connection)
  const endsAt = world.clock.now() + 20 * dayMs
  for (let n = 0; n < 1000; n++) {
    const id = `gra_many_${n}`
    const subject = { id, name: id }
    const warnDueAt = firstWarningAt(endsAt, world.clock.now(), unitOfGrant({ id, generation: 1 }))
    await world.stores.grants.create(
      { ...grant, id, subject, generation: 1, endsAt, warnDueAt },
      { at: 0, actor: 'system' },
    )
  }
  await world.clock.sleep(6 * dayMs)
  const counts: number[] = []
  for (let minutes = 0; minutes < 70; minutes += 10) {
    counts.push(await runWarnings(world.deps, world.setting))
    await world.clock.sleep(10 * minute)
  }
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    1000,
  )
  assert.ok(Math.max(...counts) < 250, counts.join())
})
