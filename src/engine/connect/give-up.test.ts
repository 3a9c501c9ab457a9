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
