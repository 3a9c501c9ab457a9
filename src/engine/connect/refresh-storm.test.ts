import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault, minute, second } from '@patchbay/kit'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import type { Connection } from '../../ports/connections.ts'
import { runDueRefreshes } from './refresh-due.ts'
import { openTestWorld } from './test-world.ts'

const hours = 2
const tokenRoute = 'POST accounts.tuneful.example/oauth/token'

/**
 * Three processes share six grants for some hours of bad weather: slow answers, lost answers, requests that never arrive, outages. Then it clears up.
 * Whatever happened: never two token requests of a grant at once (I01), a grant is only lost to a lost answer and says so (I03), a person is
 * only asked after that (I25), and everybody else is served again (L01).
 */
async function storm(seed: string) {
  const chance = new SeededRandom(`storm/${seed}`, { now: () => 0 })
  const graceMs = [0, 60 * second, 10 * minute][Math.floor(chance.unit() * 3)]!
  const world = await openTestWorld({
    seed,
    engines: 3,
    auth: { refresh: { model: 'rotates', graceMs, source: 'made up' } },
    emulator: { oauth: { accessLifetimeSeconds: 300 + Math.floor(chance.unit() * 1500) } },
  })
  const { clock, sandbox } = world
  // Each seed has its own kinds of trouble; all of them always would leave none of them room.
  const rules = [
    { kind: 'delay', ms: 40 * second, probability: 0.3 },
    { kind: 'delay', ms: 8 * second, probability: 0.5 },
    { kind: 'lose', probability: 0.05 },
    { kind: 'drop', probability: 0.1 },
    { kind: 'truncate', probability: 0.05 },
    { kind: 'fail', status: 503, probability: 0.2 },
    { kind: 'html', probability: 0.1 },
    { kind: 'throttle', probability: 0.1 },
  ] as const
  return clock.run(async () => {
    const connections: Connection[] = []
    for (let artist = 0; artist < 6; artist++)
      connections.push((await world.connectAccount({ artist, profile: `p${artist}` })).connection)
    for (const rule of rules) if (chance.unit() < 0.4) sandbox.weather.add({ ...rule, route: tokenRoute })
    const end = clock.now() + hours * 60 * minute
    const worker = async (engine: number) => {
      while (clock.now() < end) {
        await clock.sleep(chance.unit() * 4 * minute)
        const connection = connections[Math.floor(chance.unit() * connections.length)]!
        await world.call(connection, engine).catch((error) => assert.ok(isFault(error), `${error}`))
      }
    }
    const background = async () => {
      for (; clock.now() < end; await clock.sleep(minute)) await runDueRefreshes(world.deps, world.credentials)
    }
    await Promise.all([...[0, 1, 2, 0, 1, 2].map(worker), background()])
    sandbox.weather.clear()
    // As long as the longest wait that a platform may name.
    await clock.sleep(61 * minute)

    let lost = 0
    for (const before of connections) {
      const connection = await world.connectionOf(before)
      if (connection.state === 'needs_reauth') {
        lost++
        assert.equal(connection.reason, 'lost_response')
        assert.equal((await world.grantOf(connection)).state, 'dead')
      } else {
        await world.call(connection, lost % 3)
        assert.equal((await world.grantOf(connection)).state, 'live')
      }
    }
    const violations = sandbox.ledger.violations.map(({ kind }) => kind)
    assert.ok(
      violations.every((kind) => kind === 'retired_refresh_token'),
      violations.join(),
    )
    assert.ok(violations.length <= lost, 'a used token is only shown again when its answer was lost')
    const tasks = world.openTasks()
    assert.equal(tasks.length, lost)
    return { lost, graceMs, requests: world.tokenRequests().length }
  })
}

test('sixteen storms', async () => {
  const seen = { lost: 0, requests: 0, lostWithLongGrace: 0 }
  for (let seed = 1; seed <= 16; seed++) {
    const { lost, graceMs, requests } = await storm(String(seed)).catch((error) => {
      throw new Error(`seed ${seed}`, { cause: error })
    })
    seen.lost += lost
    seen.requests += requests
    if (graceMs === 10 * minute) seen.lostWithLongGrace += lost
  }
  // The storms are storms: some grants of platforms without grace are lost, none where there is time to ask again.
  assert.ok(seen.lost > 0 && seen.requests > 500, JSON.stringify(seen))
  assert.equal(seen.lostWithLongGrace, 0)
})

/**
 * Two hundred callers of four processes ask for an account just when its token is over, at a platform where a refresh token can be used once. They come back
 * when they are told to. `expected`: how many token requests the platform sees, and what became of the connection.
 */
async function check(
  weather: { kind: 'delay'; ms: number } | { kind: 'lose'; times: number } | null,
  graceMs: number,
  expected: { requests: number; lost: boolean },
) {
  const world = await openTestWorld({ engines: 4, auth: { refresh: { model: 'rotates', graceMs, source: 'made up' } } })
  await world.clock.run(async () => {
    const { connection } = await world.connectAccount()
    await world.clock.sleep(61 * minute)
    if (weather) world.sandbox.weather.add({ ...weather, route: tokenRoute })
    const before = world.tokenRequests().length
    const caller = async (engine: number): Promise<string> => {
      for (;;) {
        const outcome = await world.call(connection, engine).then(
          () => 'ok' as const,
          (error: unknown) => error,
        )
        if (outcome === 'ok') return outcome
        if (!isFault(outcome)) throw outcome
        if (outcome.code !== 'connection.refreshing') return outcome.code
        await world.clock.sleep(outcome.detail.waitMs ?? second)
      }
    }
    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, n) => caller(n % 4)))
    assert.deepEqual([...new Set(outcomes)], [expected.lost ? 'connection.expired' : 'ok'])
    assert.equal(world.tokenRequests().length - before, expected.requests)
    const after = await world.connectionOf(connection)
    assert.deepEqual([after.state, after.reason], expected.lost ? ['needs_reauth', 'lost_response'] : ['pending', null])
    const told = world.events().filter((type) => type === 'connection.needs_reauth')
    assert.deepEqual([told.length, world.openTasks().length], expected.lost ? [1, 1] : [0, 0])
  })
}

test('two hundred callers at expiry are one token request, and every one of them succeeds', async () => {
  await check(null, 0, { requests: 1, lost: false })
  await check({ kind: 'delay', ms: 25 * second }, 0, { requests: 1, lost: false })
  await check({ kind: 'delay', ms: 55 * second }, 0, { requests: 1, lost: false })
})

test('two hundred callers whose answer was lost: it is had again where that is possible, and else one person is asked, once', async () => {
  await check({ kind: 'lose', times: 1 }, minute, { requests: 2, lost: false })
  await check({ kind: 'lose', times: 2 }, minute, { requests: 3, lost: false })
  await check({ kind: 'lose', times: 1 }, 0, { requests: 3, lost: true })
})
