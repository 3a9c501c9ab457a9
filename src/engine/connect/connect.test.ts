import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@patchbay/kit'
import { openTestWorld } from './test-world.ts'

test('an artist connects an account, and its streams are planned', async () => {
  const world = await openTestWorld()
  const { run, connectAccount, stores, environment, artists } = world
  await run(async () => {
    const { connection, redirect, result, session } = await connectAccount()
    assert.equal(redirect, `http://127.0.0.1:4400/connect/done?session=${session.id}`)
    assert.deepEqual(result, { connectionIds: [connection.id] })
    assert.deepEqual(
      [connection.state, connection.profileId, connection.account.id, connection.missingScopes],
      ['pending', 'nova', artists[0]!.key, []],
    )
    const slots = await stores.schedule.of(environment.id, [connection.id])
    assert.deepEqual(
      slots.map(({ stream, lane, blocked }) => [stream, lane, blocked]),
      [
        ['fans', 'scheduled', null],
        ['profile', 'interactive', null],
      ],
    )
    assert.equal(slots[1]!.dueAt, world.clock.now())
    assert.ok(world.events().includes('connection.created'))
    const { body } = await world.call(connection)
    assert.equal((body as { id: string }).id, artists[0]!.key)
    const state = await world.connect.sessionState(environment, session.id)
    assert.deepEqual([state.state, state.connections], ['done', [connection.id]])
    const grant = await world.grantOf(connection)
    assert.ok(grant.refreshDueAt! < grant.accessExpiresAt! - 10 * 60_000)
  })
  const text = JSON.stringify([world.along.events, world.along.audit, world.along.tasks]) + world.log.text()
  for (const secret of [/at_/, /rt_/, /code_/]) assert.doesNotMatch(text, secret)
  assert.ok(!isFault(null))
})
