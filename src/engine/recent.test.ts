import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryAccess } from '../drivers/access/memory.ts'
import { AlongLog } from '../drivers/along/memory.ts'
import { SimulatedClock } from '../drivers/clock/simulated.ts'
import { openMemoryConnections } from '../drivers/connections/memory.ts'
import { openMemoryDefinitions } from '../drivers/definitions/memory.ts'
import { openMemoryDirectory } from '../drivers/directory/memory.ts'
import { openMemoryGrants } from '../drivers/grants/memory.ts'
import { openCapturedLog } from '../drivers/log/captured.ts'
import { SeededRandom } from '../drivers/random/seeded.ts'
import type { Clock } from '../ports/clock.ts'
import type { Connection } from '../ports/connections.ts'
import { checkAccessKey, createAccessKey, revokeAccessKey } from './access/access-keys.ts'
import { openRecent, recentMs } from './recent.ts'

const environmentId = 'env_test'
const startAt = Date.UTC(2026, 5, 1)
const along = { at: startAt, actor: 'system' } as const

const connection: Connection = {
  ...{ id: 'con_1', environmentId, profileId: 'nova', provider: 'acme', integrationId: 'int_1', grantId: 'grt_1' },
  ...{ account: { id: '1', name: 'Nova', kind: 'artist_page' }, inputs: {}, state: 'healthy', reason: null },
  ...{ missingScopes: [], stateAt: startAt, createdAt: startAt },
}

/** Two processes over one store with one connection, and how often the store was asked for it. */
async function openProcesses() {
  const log = new AlongLog()
  const clock = new SimulatedClock(startAt)
  const connections = openMemoryConnections(log)
  await connections.create(connection, along)
  const asked = { times: 0, gate: Promise.resolve() }
  const counted = {
    ...connections,
    async read(...where: Parameters<typeof connections.read>) {
      asked.times++
      const found = await connections.read(...where)
      await asked.gate
      return found
    },
  }
  // Of the machine on which both run.
  const machine = { offsetMs: 0 }
  const host: Clock = {
    now: () => clock.now() + machine.offsetMs,
    sleep: (ms, signal) => clock.sleep(ms, signal),
  }
  const stores = {
    ...{ log: openCapturedLog(), clock: host, connections: counted, random: new SeededRandom('recent', clock) },
    definitions: openMemoryDefinitions(log),
    ...{ access: openMemoryAccess(), directory: openMemoryDirectory(log), grants: openMemoryGrants(log) },
  }
  const [here, there] = [openRecent(stores), openRecent(stores)]
  const move = (
    from: Connection['state'],
    to: Connection['state'],
    by: { deps: Pick<typeof stores, 'connections'> } = there,
  ) => by.deps.connections.move(environmentId, 'con_1', { from: [from], to, reason: null }, along)
  const stateHere = async () => (await here.recent.connection(environmentId, 'con_1'))?.state ?? 'gone'
  return { clock, machine, asked, here, there, move, stateHere }
}

/** In a world of its own, with time moving. */
const story = (title: string, tell: (world: Awaited<ReturnType<typeof openProcesses>>) => Promise<void>) =>
  test(title, async () => {
    const world = await openProcesses()
    await world.clock.run(() => tell(world))
  })

story('is asked for once in half a second', async ({ clock, asked, stateHere }) => {
  for (let n = 0; n < 10; n++) await stateHere()
  await clock.sleep(recentMs - 1)
  assert.deepEqual([await stateHere(), asked.times], ['healthy', 1])
  await clock.sleep(1)
  assert.deepEqual([await stateHere(), asked.times], ['healthy', 2])
})

story('F95: a clock that is set back keeps nothing for longer', async ({ clock, machine, move, stateHere }) => {
  await stateHere()
  await move('healthy', 'disconnected')
  machine.offsetMs -= 3_600_000
  await clock.sleep(recentMs)
  assert.equal(await stateHere(), 'disconnected')
})

story(
  'what is used all the time is asked for ahead of time, and nobody waits',
  async ({ clock, asked, here, stateHere }) => {
    await stateHere()
    // The store takes a while, and whoever waits for it sees the clock move.
    const { read } = here.deps.connections
    here.deps.connections.read = async (...where) => {
      await clock.sleep(30)
      return read(...where)
    }
    for (let n = 0; n < 100; n++) {
      await clock.sleep(10)
      const before = clock.now()
      assert.equal(await stateHere(), 'healthy')
      assert.equal(clock.now(), before)
    }
    assert.ok(asked.times >= 3 && asked.times <= 5, `${asked.times} times in a second`)
  },
)

story('what another process took away is known when it says so', async ({ clock, move, stateHere }) => {
  assert.equal(await stateHere(), 'healthy')
  await move('healthy', 'paused')
  await clock.sleep(recentMs)
  assert.equal(await stateHere(), 'paused')
})

story('what this process changes it knows at once', async ({ here, move, stateHere }) => {
  assert.equal(await stateHere(), 'healthy')
  await move('healthy', 'paused', here)
  assert.equal(await stateHere(), 'paused')
})

story('a refusal is never remembered', async ({ move, stateHere }) => {
  await move('healthy', 'paused')
  assert.equal(await stateHere(), 'paused')
  await move('paused', 'healthy')
  assert.equal(await stateHere(), 'healthy')
})

story('what was read while it changed is not remembered', async ({ asked, here, move, stateHere }) => {
  const gate = Promise.withResolvers<void>()
  asked.gate = gate.promise
  const early = stateHere()
  const changed = move('healthy', 'paused', here)
  gate.resolve()
  assert.deepEqual([await early, await changed], ['healthy', true])
  assert.equal(await stateHere(), 'paused')
})

story('a key that was revoked elsewhere works no more when that process says so', async ({ here, there }) => {
  const environment = { id: environmentId, workspace: 'w', mode: 'test', createdAt: startAt } as const
  const { key, text } = await createAccessKey(there.deps, environment, { name: 'app', scopes: ['*'] })
  const check = () =>
    checkAccessKey(here.deps, here.recent, text).then(
      () => 'works',
      (error) => error.code,
    )
  assert.deepEqual([await check(), await check()], ['works', 'works'])
  await revokeAccessKey(there.deps, environmentId, key.id, 'system')
  assert.equal(await check(), 'input.unauthenticated')
})

story(
  'the use of a key is noted once a minute, and makes what is known of it no younger',
  async ({ clock, here, there }) => {
    const environment = { id: environmentId, workspace: 'w', mode: 'test', createdAt: startAt } as const
    const { key, text } = await createAccessKey(there.deps, environment, { name: 'app', scopes: ['*'] })
    const { touchKey } = here.deps.access
    const notedAt: number[] = []
    here.deps.access.touchKey = (...use) => {
      notedAt.push(use[2] - startAt)
      return touchKey(...use)
    }
    const check = () => checkAccessKey(here.deps, here.recent, text)
    await check()
    await clock.sleep(59_900)
    await check()
    await clock.sleep(200)
    for (let n = 0; n < 3; n++) await check()
    assert.deepEqual(notedAt, [0, 60_100])
    await there.deps.access.revokeKey(environmentId, key.id, { at: clock.now(), actor: 'system' })
    await clock.sleep(recentMs - 200)
    await assert.rejects(check(), { code: 'input.unauthenticated' })
  },
)
