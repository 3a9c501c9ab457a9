import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, minute, second } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Integration } from '../../ports/directory.ts'
import type { Deps } from '../deps.ts'
import type { Target } from '../http/target.ts'
import { RefusedAlike } from './refused-alike.ts'
import { openTestWorld, type TestWorld, type WorldOptions } from './test-world.ts'
import { TokenCircuit } from './token-circuit.ts'

/**
 * The clock of the machine is set back by an hour, as an operator or a time server does that finds it wrong. What was noted by the old time lies in the
 * future then, and must not hold for an hour longer than it was meant to.
 */
const story = (
  title: string,
  tell: (world: TestWorld & { setBack: () => void }, connection: Connection) => Promise<void>,
  options: WorldOptions = {},
) =>
  test(title, async () => {
    let offsetMs = 0
    const world = await openTestWorld({
      wrap: ({ clock }) => ({
        clock: { now: () => clock.now() + offsetMs, sleep: (ms, signal) => clock.sleep(ms, signal) },
      }),
      ...options,
    })
    const setBack = () => {
      offsetMs -= hour
    }
    await world.run(async () => tell({ ...world, setBack }, (await world.connectAccount()).connection))
  })

const expire = (world: TestWorld) => world.sandbox.meddle('tuneful', world.artists[0]!.key, 'expire')

story('F95: a token from before is not fresh: it is renewed at once when it is refused', async (world, connection) => {
  await world.clock.sleep(10 * minute)
  world.setBack()
  expire(world)
  const started = world.clock.now()
  await world.call(connection)
  assert.ok(world.clock.now() - started < 2 * second, `it took ${world.clock.now() - started} ms`)
})

story('F95: a renewal from before does not forbid the next', async (world, connection) => {
  await world.clock.sleep(10 * minute)
  expire(world)
  await world.call(connection)
  world.setBack()
  await world.clock.sleep(minute)
  expire(world)
  await world.call(connection)
  assert.equal(world.tokenRequests().length, 3, 'the consent and two renewals')
})

story('what was found out before of a refusal is found out anew', async (world, connection) => {
  await world.clock.sleep(10 * minute)
  world.sandbox.weather.add({ kind: 'fail', status: 401, route: 'GET api.tuneful.example/v1/fans' })
  for (let times = 0; times < 2; times++) {
    await assert.rejects(world.call(connection, 0, '/fans'))
    await world.clock.sleep(minute)
  }
  world.sandbox.weather.clear()
  world.setBack()
  expire(world)
  await world.call(connection)
})

story(
  'an app’s token from before is given up when it is refused, and nobody is told of it',
  async (world, connection) => {
    const target = { ...(await world.targetOf(connection)), connection: null, grantId: null }
    const call = () => world.gateway.call(target, { path: `/artists/${world.artists[1]!.key}`, as: 'app' })
    await call()
    await world.clock.sleep(minute)
    world.setBack()
    world.sandbox.weather.add({ kind: 'fail', status: 401, route: 'GET api.tuneful.example/v1/artists', times: 1 })
    await call()
    const integration = await world.stores.directory.integration(world.environment.id, world.integrationId)
    assert.equal(integration!.incident, null)
  },
)

story(
  'a token that was replaced before is not presented again, as nobody knows how long ago that was',
  async (world, connection) => {
    await world.clock.sleep(hour)
    await world.call(connection)
    assert.notEqual((await world.grantOf(connection)).previousRefresh, null)
    await world.clock.sleep(20 * minute)
    const before = world.tokenRequests().length
    world.setBack()
    world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
    await assert.rejects(world.call(connection))
    await world.clock.sleep(minute)
    assert.equal((await world.connectionOf(connection)).state, 'needs_reauth')
    assert.equal(world.tokenRequests().length - before, 2, 'the current token, and once more to confirm')
  },
  { auth: { refresh: { model: 'rotates', graceMs: 10 * minute, source: 'made up' } } },
)

/** A clock by hand, for what asks nothing but the time. */
function openHand() {
  let now = Date.parse('2026-03-02T12:00:00Z')
  const clock: Deps['clock'] = { now: () => now, sleep: async () => {} }
  return {
    clock,
    pass: (ms: number) => {
      now += ms
    },
  }
}

test('F95: a token endpoint rests no longer than was decided', () => {
  const { clock, pass } = openHand()
  const circuit = new TokenCircuit(clock)
  const integration = { id: 'int_1', clientId: 'app', clientSecret: 'secret' } as Integration
  circuit.failed(integration, { first: 30 * second })
  pass(second)
  assert.equal(circuit.waitMs(integration, { urgent: false }), 29 * second)
  pass(-hour)
  assert.equal(circuit.waitMs(integration, { urgent: false }), 0)
})

test('whether others are refused alike is looked at anew', async () => {
  const { clock, pass } = openHand()
  let looks = 0
  const list: Deps['connections']['list'] = async () => {
    looks++
    return []
  }
  const deps = { clock, connections: { list } } as unknown as Deps
  const alike = new RefusedAlike(deps, async () => 'works')
  const target = { environment: { id: 'env_1' }, integration: { environmentId: 'env_1', id: 'int_1' } } as Target
  await alike.look(target)
  pass(minute)
  await alike.look(target)
  assert.equal(looks, 1)
  pass(-hour)
  await alike.look(target)
  assert.equal(looks, 2)
})
