import assert from 'node:assert/strict'
import { hour } from '@patchbay/kit'
import type { Owned } from '../compare-truth.ts'
import type { PretendWorld } from '../pretend-world.ts'
import { readEverything } from '../read-everything.ts'

/** Access that was taken back: when the platform said so since, and how it comes back. */
export interface TakenBack {
  readonly refusedAt: () => readonly number[]
  readonly giveBack: () => void
}

/** Once access is gone the connection needs its owner: after the platform said so twice, and not before. Another consent brings it back as it was. */
export async function checkAccessTakenBack(
  world: PretendWorld,
  owned: Owned,
  takeBack: () => TakenBack,
): Promise<void> {
  const { connection, artist, provider } = owned
  const stateNow = async () => (await world.connectionNow(connection)).state
  const tasks = () =>
    world.along.tasks
      .filter(({ connectionId, closedAt }) => connectionId === connection.id && closedAt === null)
      .map(({ kind }) => kind)
  assert.deepEqual(tasks(), [])

  const taken = takeBack()
  await world.wake(connection)
  for (let hours = 0; hours < 48 && (await stateNow()) === 'healthy'; hours++) await world.passTime(hour)
  assert.equal(await stateNow(), 'needs_reauth', 'two days after access was taken back')
  assert.deepEqual(tasks(), ['reconnect'])
  const [given] = await world.deps.connections.transitions(world.environment.id, connection.id, 1)
  const heard = taken.refusedAt().filter((at) => at <= given!.at)
  assert.ok(heard.length >= 2, `given up after ${heard.length} refusals`)

  taken.giveBack()
  const again = await world.run(() => world.connect(artist, provider, { reconnect: connection.id }))
  assert.equal(again.id, connection.id)
  await readEverything(world, [owned])
  assert.equal(await stateNow(), 'healthy')
  assert.deepEqual(tasks(), [])
}
