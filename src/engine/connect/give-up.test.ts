import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, minute } from '@patchbay/kit'
import { openTestWorld } from './test-world.ts'

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
    const { connection } = await world.connectAccount()
    await world.startJobs()
    await world.clock.sleep(hour)
    world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
    void world.call(connection).catch(() => {})
    await world.clock.sleep(minute)
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
            if (moment === 'after' && change.to === 'needs_reauth') await storeLate(environmentId, grantId)
            return connections.move(environmentId, id, change, along)
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
      const { connection } = await world.connectAccount()
      await world.clock.sleep(hour)
      world.sandbox.meddle('tuneful', world.artists[0]!.key, 'revoke')
      await world.call(connection).catch(() => {})
      await world.clock.sleep(minute)
      assert.equal(isLate, false)
      assert.equal((await world.grantOf(connection)).state, 'live')
      assert.notEqual((await world.connectionOf(connection)).state, 'needs_reauth')
      const types = world.events()
      assert.equal(types.filter((type) => type === 'connection.needs_reauth').length, told)
      assert.equal(types.filter((type) => type === 'connection.recovered').length, told)
      assert.deepEqual(world.openTasks(), [])
    })
  })
