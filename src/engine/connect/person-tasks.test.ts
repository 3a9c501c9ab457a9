import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, hour, isFault, minute } from '@patchbay/kit'
import { impactOf } from './person-tasks.ts'
import { openTestWorld, type TestWorld } from './test-world.ts'

function check(share: number, others: number, expected: number): void {
  assert.equal(impactOf({ share, others }), expected, `${share} of the streams, ${others} others`)
}

test('the impact is what stands still, and more where the profile has nothing else', () => {
  check(1, 0, 100)
  check(1, 1, 80)
  check(1, 9, 64)
  check(0.5, 0, 50)
  check(0.25, 1, 20)
  check(0, 0, 5)
})

const story = (title: string, tell: (world: TestWorld) => Promise<void>) =>
  test(title, async () => {
    const world = await openTestWorld()
    await world.run(() => tell(world))
  })

const openOf = ({ along }: TestWorld) => along.tasks.filter(({ closedAt }) => closedAt === null)

story(
  'a missing permission is one task that names what it switches off, and closes when it is given',
  async (world) => {
    const { connection } = await world.connectAccount({ scopes: ['profile'] })
    const [task, ...more] = openOf(world)
    assert.deepEqual(more, [])
    assert.equal(task!.kind, 'grant_permission')
    assert.match(task!.description, /Not given: fans\. Because of it nothing is read of: Fans\./)
    assert.deepEqual([task!.impact, task!.priority, task!.dueAt], [50, 'normal', world.clock.now() + 14 * dayMs])
    const turnedDown = { snoozedUntil: null, dismissedAt: world.clock.now() }
    await world.stores.journal.changeTask(world.environment.id, task!.id, turnedDown, { at: 0, actor: 'user:u' })
    // The same box left empty again: the same task, and nobody is asked again.
    await world.connectAccount({ reconnect: connection.id, scopes: ['profile'] })
    assert.deepEqual(
      openOf(world).map(({ id }) => id),
      [task!.id],
    )
    await world.connectAccount({ reconnect: connection.id })
    assert.deepEqual(openOf(world), [])
  },
)

story('a reconnect is due in a week, and hurts less beside other accounts of the profile', async (world) => {
  const { connection } = await world.connectAccount()
  await world.connectAccount({ artist: 1 })
  world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
  for (let n = 0; n < 3; n++) {
    await world.clock.sleep(hour)
    await assert.rejects(world.call(connection), (error) => isFault(error))
  }
  const [task, ...more] = openOf(world)
  assert.deepEqual([task!.kind, task!.impact, more], ['reconnect', 80, []])
  assert.ok(task!.dueAt! > world.clock.now() + 6 * dayMs && task!.dueAt! <= task!.openedAt + 7 * dayMs)
})

story('an outage asks nobody; an app that is refused asks the operator once, until it is mended', async (world) => {
  const { connection } = await world.connectAccount()
  world.sandbox.weather.add({ kind: 'outage', route: 'POST accounts.tuneful.example/oauth/token' })
  await world.clock.sleep(2 * hour)
  for (let n = 0; n < 5; n++) {
    await world.clock.sleep(minute)
    await assert.rejects(world.call(connection), (error) => isFault(error))
  }
  assert.deepEqual(openOf(world), [])
  world.sandbox.weather.clear()
  const app = world.sandbox.apps.first('tuneful')
  world.sandbox.apps.register({ ...app, clientSecret: 'another' })
  for (let n = 0; n < 5; n++) {
    await world.clock.sleep(hour)
    await assert.rejects(world.call(connection), (error) => isFault(error))
  }
  const [task, ...more] = openOf(world)
  assert.deepEqual([task!.kind, task!.subject, task!.impact, more], ['set_up', world.integrationId, 100, []])
  world.sandbox.apps.register(app)
  await world.clock.sleep(hour)
  await world.call(connection)
  assert.deepEqual(openOf(world), [])
})
