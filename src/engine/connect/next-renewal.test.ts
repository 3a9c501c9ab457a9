import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, hour, minute } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import { runDueRefreshes } from './refresh-due.ts'
import { openTestWorld, type TestWorld, type WorldOptions } from './test-world.ts'
import { runWarnings } from './warn-expiring.ts'

/** Of a connection whose streams are read at `readAt` only, in milliseconds from now, and of which the background takes care every minute. */
const story = (
  title: string,
  tell: (
    world: TestWorld & { renewals: () => number; pass: (ms: number) => Promise<void> },
    connection: Connection,
  ) => Promise<void>,
  options: WorldOptions = {},
) =>
  test(title, async () => {
    const world = await openTestWorld(options)
    const pass = async (ms: number) => {
      for (const end = world.clock.now() + ms; world.clock.now() < end; ) {
        await world.clock.sleep(minute)
        await runDueRefreshes(world.deps, world.credentials)
      }
    }
    const renewals = () => world.tokenRequests().length - 1
    await world.run(async () => tell({ ...world, renewals, pass }, (await world.connectAccount()).connection))
    assert.deepEqual(world.sandbox.ledger.violations, [])
  })

/** As a run would leave it: read, and to be read again then. */
async function readAt(world: TestWorld, { environmentId, id }: Connection, inMs: Readonly<Record<string, number>>) {
  const now = world.clock.now()
  await world.stores.schedule.wake(environmentId, id, { lane: 'scheduled', at: now })
  const claimed = await world.stores.schedule.claim({ claim: 'clm_1', now, until: now + minute, limit: 10 })
  const outcomes = claimed.map(({ connectionId, stream }) => ({
    ...{ connectionId, stream, dueAt: now + (inMs[stream] ?? 400 * dayMs), failures: 0, blocked: null },
    ...{ runId: 'run_1', fault: null, quota: null, endedAt: now },
  }))
  await world.stores.schedule.finish(environmentId, 'clm_1', outcomes)
  const slots = await world.stores.schedule.of(environmentId, [id])
  assert.equal(slots.filter(({ syncedAt }) => syncedAt !== null).length, 2, 'both streams were read')
}

story('tokens that nobody uses are renewed once a day, not once an hour', async (world, connection) => {
  await readAt(world, connection, {})
  await world.pass(7 * dayMs)
  assert.ok(world.renewals() >= 7 && world.renewals() <= 8, `${world.renewals()} renewals in a week`)
})

story(
  'some minutes before the reading that uses it a token is renewed, so that no reading waits',
  async (world, connection) => {
    await readAt(world, connection, { fans: 6 * hour })
    await world.pass(6 * hour - 16 * minute)
    assert.equal(world.renewals(), 0)
    await world.pass(16 * minute)
    assert.equal(world.renewals(), 1)
    const before = world.clock.now()
    await world.call(connection)
    assert.equal(world.clock.now(), before, 'nobody waited')
    assert.equal(world.renewals(), 1)
  },
)

story('what stands still needs no token', async (world, connection) => {
  await readAt(world, connection, { profile: hour, fans: hour })
  await world.connect.pause(world.environment, connection.id, 'user:u')
  await world.pass(5 * hour)
  assert.equal(world.renewals(), 0)
})

story(
  'what the app reads with its own credential needs no token of the account',
  async (world, connection) => {
    await readAt(world, connection, { profile: 2 * hour, fans: 4 * hour })
    await world.pass(3 * hour)
    assert.equal(world.renewals(), 0)
    await world.pass(hour)
    assert.equal(world.renewals(), 1, 'this one needs a permission of the account')
  },
  {
    auth: {
      app: { kind: 'client_credentials', tokenUrl: 'https://accounts.tuneful.example/oauth/token', client: 'body' },
    },
  },
)

story('whoever comes unannounced renews it on the way, and those after find it fresh', async (world, connection) => {
  await readAt(world, connection, {})
  await world.pass(5 * hour)
  assert.equal(world.renewals(), 0)
  await world.call(connection)
  assert.equal(world.renewals(), 1)
  // While it is used it is renewed in the background, and nobody waits again.
  for (let times = 0; times < 12; times++) {
    await world.pass(15 * minute)
    const before = world.clock.now()
    await world.call(connection)
    assert.equal(world.clock.now(), before)
  }
  assert.ok(world.renewals() >= 4 && world.renewals() <= 5, `${world.renewals()} renewals in three hours of use`)
})

story('F60: access that was taken back is noticed within a day, though nobody uses it', async (world, connection) => {
  await readAt(world, connection, {})
  await world.pass(dayMs)
  world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
  await world.pass(dayMs)
  assert.equal((await world.connectionOf(connection)).state, 'needs_reauth')
})

story(
  'F63: a refresh token that dies of idleness is used before half of that time',
  async (world, connection) => {
    await readAt(world, connection, {})
    await world.connect.pause(world.environment, connection.id, 'user:u')
    await world.clock.sleep(29 * dayMs)
    await runDueRefreshes(world.deps, world.credentials)
    assert.equal(world.renewals(), 1)
    await world.clock.sleep(15 * dayMs)
    await runDueRefreshes(world.deps, world.credentials)
    assert.equal(world.renewals(), 1, 'no sooner')
    await world.clock.sleep(15 * dayMs)
    await runDueRefreshes(world.deps, world.credentials)
    assert.equal(world.renewals(), 2)
  },
  {
    auth: { refresh: { model: 'keeps' }, idle: { days: 58, source: 'made up' }, accessLifetimeSeconds: undefined },
    emulator: { oauth: { accessLifetimeSeconds: 86_400 * 3650 } },
  },
)

story('a grant that cannot be seen to does not keep the others from their turn', async (world, connection) => {
  const grant = await world.grantOf(connection)
  const lost = {
    ...grant,
    id: 'gra_lost',
    integrationId: 'int_gone',
    endsAt: grant.consentedAt + hour,
    warnDueAt: 0,
    refreshDueAt: 0,
  }
  await world.stores.grants.create(lost, { at: 0, actor: 'system' })
  await world.pass(50 * minute)
  assert.equal(world.renewals(), 1)
  assert.equal(await runWarnings(world.deps, world.setting), 0)
  assert.match(world.log.text(), /renewal_failed[\s\S]*warning_failed/)
})
