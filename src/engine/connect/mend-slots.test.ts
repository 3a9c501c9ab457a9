import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, minute } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import { openTestWorld } from './test-world.ts'

test('what is missing in the schedule of a connection that works is put there, and what stands still for a reason stays so', async () => {
  const world = await openTestWorld()
  const { schedule, connections } = world.stores
  const environmentId = world.environment.id
  const blockedOf = async ({ id }: Pick<Connection, 'id'>) =>
    Object.fromEntries((await schedule.of(environmentId, [id])).map(({ stream, blocked }) => [stream, blocked]))
  await world.run(async () => {
    const accounts = []
    for (const artist of [0, 1, 2, 3]) accounts.push((await world.connectAccount({ artist })).connection)
    const [halfBack, unsupported, paused, gone] = accounts as [Connection, Connection, Connection, Connection]
    // A process died that had said that it works again.
    await schedule.block(environmentId, halfBack.id, { blocked: 'needs_reauth' })
    await schedule.block(environmentId, unsupported.id, { streams: ['fans'], blocked: 'unsupported' })
    await world.connect.pause(world.environment, paused.id, 'key:test')
    await world.connect.disconnect(world.environment, gone.id, 'key:test')
    // One died before it had put in anything; to the schedule that is the same as streams that came with a newer version.
    const bare = { ...halfBack, id: 'con_bare', account: { ...halfBack.account, id: 'bare' } }
    await connections.create(bare, { at: world.clock.now(), actor: 'system' })
    await world.startJobs()
    const mend = async () => {
      assert.ok(await world.jobs.fire('connect.mend-slots'))
      await world.clock.sleep(minute)
    }
    await mend()
    assert.deepEqual(await blockedOf(halfBack), { profile: null, fans: null })
    assert.deepEqual(await blockedOf(bare), { profile: null, fans: null })
    assert.deepEqual(await blockedOf(unsupported), { profile: null, fans: 'unsupported' })
    assert.deepEqual(await blockedOf(paused), { profile: 'paused', fans: 'paused' })
    assert.deepEqual(await blockedOf(gone), { profile: 'disconnected', fans: 'disconnected' })
    const mended = () => world.log.lines.filter(({ event }) => event === 'connect.slots_mended').length
    assert.equal(mended(), 2)
    await mend()
    assert.equal(mended(), 2, 'what is there is left alone')
  })
})

test('a stream that is declared to be read at other intervals gets them, where a process died before it had said so', async () => {
  const world = await openTestWorld()
  const { schedule } = world.stores
  const environmentId = world.environment.id
  await world.run(async () => {
    const { connection } = await world.connectAccount({ artist: 0 })
    const slots = () => schedule.of(environmentId, [connection.id])
    const intervals = async () =>
      Object.fromEntries((await slots()).map(({ stream, everyMs, blocked }) => [stream, [everyMs / hour, blocked]]))
    const asDeclared = await intervals()
    assert.deepEqual(asDeclared, { profile: [1, null], fans: [6, null] })
    const dueAt = (await slots()).map((slot) => slot.dueAt)
    // Intervals of a version before this one.
    const old = (await slots()).map((slot) => ({ ...slot, everyMs: 24 * hour }))
    await schedule.put(environmentId, old)
    await schedule.block(environmentId, connection.id, { streams: ['fans'], blocked: 'unsupported' })
    await world.startJobs()
    const mend = async () => {
      assert.ok(await world.jobs.fire('connect.mend-slots'))
      await world.clock.sleep(minute)
    }
    await mend()
    assert.deepEqual(await intervals(), { profile: [1, null], fans: [24, 'unsupported'] })
    await schedule.block(environmentId, connection.id, { streams: ['fans'], blocked: null })
    await mend()
    assert.deepEqual(await intervals(), asDeclared)
    assert.deepEqual(
      (await slots()).map((slot) => slot.dueAt),
      dueAt,
      'when it is due stays',
    )
    const mended = () => world.log.lines.filter(({ event }) => event === 'connect.slots_mended').length
    assert.equal(mended(), 2)
    await mend()
    assert.equal(mended(), 2)
  })
})
