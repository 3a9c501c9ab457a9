import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, minute } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Deps } from '../deps.ts'
import { markRecovered } from './connection-states.ts'
import { openTestWorld } from './test-world.ts'

type World = Awaited<ReturnType<typeof openTestWorld>>

/** Connects an account, takes its consent back an hour later, and lets a call find out; whoever makes that may die of it. */
async function connectAndTakeBack(world: World): Promise<Connection> {
  const { connection } = await world.connectAccount()
  await world.clock.sleep(hour)
  world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
  void world.call(connection).catch(() => {})
  await world.clock.sleep(minute)
  return connection
}

/** As a late winner does it, and then no more. */
async function commitAgain({ stores, clock }: World, { environmentId, grantId }: Connection): Promise<void> {
  const grant = (await stores.grants.read(environmentId, grantId))!
  assert.ok(
    await stores.grants.commit(environmentId, grantId, grant.generation, grant, { at: clock.now(), actor: 'system' }),
  )
}

/** Does something once, when a connection is about to be told that its grant is over. Whoever tells may die of it. */
function beforeTold(what: (connection: Connection) => Promise<void>, then: 'goes on' | 'dies') {
  const happened = { times: 0 }
  const wrap = ({ connections }: Deps): Partial<Deps> => ({
    connections: {
      ...connections,
      async move(environmentId, id, change, along) {
        if (change.to !== 'needs_reauth' || happened.times++ > 0)
          return connections.move(environmentId, id, change, along)
        await what((await connections.read(environmentId, id))!)
        const moved = await connections.move(environmentId, id, change, along)
        return then === 'dies' ? new Promise<never>(() => {}) : moved
      },
    },
  })
  return { happened, wrap }
}

test('a process that dies after a grant is over and before its connection says so leaves that to a job', async () => {
  let dies = true
  const world = await openTestWorld({
    wrap: ({ connections }) => ({
      connections: {
        ...connections,
        move: (environmentId, id, change, along) => {
          if (change.to !== 'needs_reauth' || !dies) return connections.move(environmentId, id, change, along)
          dies = false
          return new Promise<never>(() => {})
        },
      },
    }),
  })
  await world.run(async () => {
    await world.startJobs()
    const connection = await connectAndTakeBack(world)
    assert.equal((await world.grantOf(connection)).state, 'dead')
    assert.notEqual((await world.connectionOf(connection)).state, 'needs_reauth', 'it died before that')
    await world.clock.sleep(3 * minute)
    assert.equal((await world.connectionOf(connection)).state, 'needs_reauth')
    assert.deepEqual(world.openTasks(), ['reconnect'])
    await world.clock.sleep(hour)
    assert.equal(world.events().filter((type) => type === 'connection.needs_reauth').length, 1, 'told once')
  })
})

/** Somebody who stood still with new tokens stores them when the connection is about to be told, or just was. */
for (const [moment, told] of [
  ['before', 0],
  ['after', 1],
] as const)
  test(`tokens that are stored late, ${moment} the connection is told, leave it working`, async () => {
    let isLate = true
    const world = await openTestWorld({
      wrap: ({ connections, grants }) => ({
        connections: {
          ...connections,
          move: async (environmentId, id, change, along) => {
            const { grantId } = (await connections.read(environmentId, id))!
            const moved = await connections.move(environmentId, id, change, along)
            if (moment === 'after' && change.to === 'needs_reauth') await storeLate(environmentId, grantId)
            return moved
          },
        },
        grants: {
          ...grants,
          release: async (environmentId, id, ...rest) => {
            const released = await grants.release(environmentId, id, ...rest)
            if (moment === 'before') await storeLate(environmentId, id)
            return released
          },
        },
      }),
    })
    async function storeLate(environmentId: string, id: string): Promise<void> {
      const { grants } = world.stores
      const grant = await grants.read(environmentId, id)
      if (grant?.state !== 'dead' || !isLate) return
      isLate = false
      assert.ok(
        await grants.commit(environmentId, id, grant.generation, grant, { at: world.clock.now(), actor: 'system' }),
      )
    }
    await world.run(async () => {
      const connection = await connectAndTakeBack(world)
      assert.equal(isLate, false)
      assert.equal((await world.grantOf(connection)).state, 'live')
      assert.notEqual((await world.connectionOf(connection)).state, 'needs_reauth')
      const types = world.events()
      assert.equal(types.filter((type) => type === 'connection.needs_reauth').length, told)
      assert.equal(types.filter((type) => type === 'connection.recovered').length, told)
      assert.deepEqual(world.openTasks(), [])
    })
  })

test('a connection whose grant is renewed while it is about to be told is not told, also where whoever tells looks no second time', async () => {
  const late = beforeTold((connection) => commitAgain(world, connection), 'dies')
  const world: World = await openTestWorld({ wrap: late.wrap })
  await world.run(async () => {
    await world.startJobs()
    const connection = await connectAndTakeBack(world)
    assert.equal(late.happened.times, 1)
    assert.equal((await world.grantOf(connection)).state, 'live')
    assert.notEqual((await world.connectionOf(connection)).state, 'needs_reauth')
    assert.deepEqual([world.events().includes('connection.needs_reauth'), world.openTasks()], [false, []])
  })
})

test('a connection that has another grant by then is not told of the end of its last one', async () => {
  const moving = beforeTold(async (connection) => {
    const { grants, connections } = world.stores
    const { environmentId, id, grantId } = connection
    const along = { at: world.clock.now(), actor: 'owner' } as const
    const grant = (await grants.read(environmentId, grantId))!
    await grants.create({ ...grant, id: 'gra_other', state: 'live', cause: null }, along)
    await connections.update(environmentId, id, { grantId: 'gra_other' }, along)
  }, 'goes on')
  const world: World = await openTestWorld({ wrap: moving.wrap })
  await world.run(async () => {
    const connection = await connectAndTakeBack(world)
    assert.equal(moving.happened.times, 1)
    assert.equal((await world.grantOf(connection)).state, 'dead')
    assert.notEqual((await world.connectionOf(connection)).state, 'needs_reauth')
    assert.deepEqual(world.openTasks(), [])
  })
})

test('of several who find that a grant works again one lets its connection go on; nobody does when it is over once more', async () => {
  const world = await openTestWorld()
  await world.run(async () => {
    const connection = await connectAndTakeBack(world)
    const told = await world.connectionOf(connection)
    assert.equal(told.state, 'needs_reauth')
    const { deps } = world.engines[0]!
    const integration = (await deps.directory.integration(told.environmentId, told.integrationId))!
    const grant = await world.grantOf(connection)
    const recover = () => markRecovered(deps, world.setting, integration, grant, told, 'system')
    await recover()
    assert.equal((await world.connectionOf(connection)).state, 'needs_reauth')
    assert.deepEqual([world.events().includes('connection.recovered'), world.openTasks()], [false, ['reconnect']])
    await commitAgain(world, told)
    await Promise.all([recover(), recover(), recover()])
    assert.equal((await world.connectionOf(connection)).state, 'healthy')
    assert.equal(world.events().filter((type) => type === 'connection.recovered').length, 1)
    assert.deepEqual(world.openTasks(), [])
  })
})
