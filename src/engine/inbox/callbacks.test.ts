import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { minute } from '@patchbay/kit'
import { observed, pageOf } from '../../ports/records.contract.ts'
import { fails } from '../test-faults.ts'
import { inboxStory as story } from './test-stories.ts'
import type { InboxWorld } from './test-world.ts'

const subjectOf = async (world: InboxWorld, connection: Parameters<InboxWorld['grantOf']>[0]) =>
  (await world.grantOf(connection)).subject.id

story(
  'I25: a notice that access was taken back is asked about, and believed when the platform says so',
  async (world) => {
    const { connection } = await world.connectAccount()
    await world.startJobs()
    await world.engines[0]!.startJobs()
    await world.clock.sleep(minute)
    await world.sendSigned('goodbye', { user_id: await subjectOf(world, connection) })
    await world.workOnce()
    await world.clock.sleep(minute)
    // It works after all: whoever sent this was wrong, or early.
    assert.notEqual((await world.connectionOf(connection)).state, 'needs_reauth')
    assert.deepEqual((await world.messages())[0]!.effects?.checked, [connection.id])

    world.sandbox.grants.end(world.sandbox.grants.list()[0]!, 'owner', world.clock.now())
    await world.sendSigned('goodbye', { user_id: await subjectOf(world, connection), again: 1 })
    await world.workOnce()
    await world.clock.sleep(2 * minute)
    assert.equal((await world.connectionOf(connection)).state, 'needs_reauth')
    assert.ok(world.openTasks().includes('reconnect'))
  },
)

story('a webhook that tells of access taken back is asked about in the same way', async (world) => {
  const { connection } = await world.connectAccount()
  await world.startJobs()
  await world.engines[0]!.startJobs()
  await world.clock.sleep(minute)
  world.sandbox.grants.end(world.sandbox.grants.list()[0]!, 'owner', world.clock.now())
  await world.send({ events: [{ account: connection.account.id, type: 'account.left', data: null }] })
  await world.workOnce()
  await world.clock.sleep(2 * minute)
  assert.equal((await world.connectionOf(connection)).state, 'needs_reauth')
})

story(
  'a request to delete ends the account here and everything of it, and its code says how it stands',
  async (world) => {
    const { connection } = await world.connectAccount()
    const { connection: other } = await world.connectAccount({ artist: 1 })
    const environmentId = world.environment.id
    for (const connectionId of [connection.id, other.id])
      await world.deps.records.save(environmentId, [pageOf({ connectionId, observations: [observed(5)] })], {
        at: world.clock.now(),
        actor: 'system',
      })
    const events = [connection, other].map(({ account }) => ({
      account: account.id,
      type: 'comment',
      id: account.id,
      data: 'said',
    }))
    for (const event of events) await world.send({ events: [event] })
    await world.workOnce()

    const claims = { user_id: await subjectOf(world, connection), issued_at: 1 }
    const answer = await world.sendSigned('forget', claims)
    const { url, confirmation_code: code } = JSON.parse(answer.body)
    assert.equal(url, `http://127.0.0.1:4400/hooks/${world.integrationId}/deletions/${code}`)
    // Sent again it has the code that it had.
    assert.deepEqual(await world.sendSigned('forget', claims), answer)
    const stands = async () => (await world.hooks.deletion(world.integrationId, code)).state
    assert.equal(await stands(), 'waiting')
    await world.workOnce()
    assert.equal(await stands(), 'done')

    const after = await world.connectionOf(connection)
    assert.deepEqual([after.state, after.account.name], ['disconnected', 'Erased'])
    assert.ok(!JSON.stringify(after).includes(connection.account.id))
    assert.equal(world.sandbox.grants.list()[0]!.ended?.why, 'app', 'its tokens were given back')
    const left = async (connectionId: string) => {
      const series = { connections: [connectionId], metrics: [], limit: 9 }
      return [
        (await world.deps.records.series(environmentId, series)).length,
        (await world.records('comment', { connections: [connectionId] })).length,
      ]
    }
    assert.deepEqual(
      [await left(connection.id), await left(other.id)],
      [
        [0, 0],
        [1, 1],
      ],
    )
    assert.deepEqual(
      (await world.messages()).map(({ accounts, callback }) => callback ?? accounts[0]),
      ['forget', other.account.id],
    )
    assert.notEqual((await world.connectionOf(other)).state, 'disconnected')
    await fails(world.hooks.deletion(world.integrationId, 'f'.repeat(32)), 'input.unknown')
  },
)

story('of somebody who is not here there is nothing to delete, and the answer says that it is done', async (world) => {
  const { body } = await world.sendSigned('forget', { user_id: 'nobody' })
  await world.workOnce()
  const { state } = await world.hooks.deletion(world.integrationId, JSON.parse(body).confirmation_code)
  assert.equal(state, 'done')
})

story('what a reading stored that was under way is deleted half an hour later', async (world) => {
  const { connection } = await world.connectAccount()
  await world.startJobs()
  await world.engines[0]!.startJobs()
  await world.sendSigned('forget', { user_id: await subjectOf(world, connection) })
  await world.workOnce()
  const page = pageOf({ connectionId: connection.id, observations: [observed(5)] })
  await world.deps.records.save(world.environment.id, [page], { at: world.clock.now(), actor: 'system' })
  await world.clock.sleep(31 * minute)
  const series = { connections: [connection.id], metrics: [], limit: 9 }
  assert.deepEqual(await world.deps.records.series(world.environment.id, series), [])
})

story('who ended the consent before asking to be forgotten is forgotten all the same', async (world) => {
  const { connection } = await world.connectAccount()
  const user_id = await subjectOf(world, connection)
  await world.startJobs()
  await world.connect.disconnect(world.environment, connection.id, 'key:owner')
  await world.clock.sleep(minute)
  assert.equal((await world.grantOf(connection)).state, 'revoked')
  assert.notEqual(user_id, connection.account.id)
  await world.sendSigned('forget', { user_id })
  await world.workOnce()
  assert.equal((await world.connectionOf(connection)).account.name, 'Erased')
})

story('an erasure that is broken off in the middle is done by the next try', async (world) => {
  const { connection } = await world.connectAccount()
  const { update } = world.deps.connections
  let times = 0
  Object.assign(world.deps.connections, {
    update: (...given: Parameters<typeof update>) =>
      ++times === 1 ? Promise.reject(new Error('broken off')) : update(...given),
  })
  await world.sendSigned('forget', { user_id: await subjectOf(world, connection) })
  await world.workOnce()
  const between = await world.connectionOf(connection)
  assert.deepEqual([between.state, between.account], ['disconnected', connection.account])
  await world.clock.sleep(minute)
  await world.workOnce()
  assert.equal((await world.connectionOf(connection)).account.name, 'Erased')
})

story('nobody is told that an account is erased while messages about it are left', async (world) => {
  const { connection } = await world.connectAccount()
  const { erase } = world.deps.inbox
  let times = 0
  Object.assign(world.deps.inbox, {
    erase: (...given: Parameters<typeof erase>) =>
      ++times === 1 ? Promise.reject(new Error('canceling statement due to statement timeout')) : erase(...given),
  })
  const { body } = await world.sendSigned('forget', { user_id: await subjectOf(world, connection) })
  const stands = async () => {
    const { confirmation_code: code } = JSON.parse(body)
    const { account } = await world.connectionOf(connection)
    return [(await world.hooks.deletion(world.integrationId, code)).state, account.name === 'Erased']
  }
  await world.workOnce()
  assert.deepEqual(await stands(), ['waiting', false])
  await world.clock.sleep(minute)
  await world.workOnce()
  assert.deepEqual([...(await stands()), times], ['done', true, 2])
})

story(
  'a message that comes after the erasure, or waits because it is about others too, is deleted later',
  async (world) => {
    const { connection } = await world.connectAccount()
    const { connection: other } = await world.connectAccount({ artist: 1 })
    await world.startJobs()
    await world.engines[0]!.startJobs()
    await world.sendSigned('forget', { user_id: await subjectOf(world, connection) })
    await world.workOnce()
    const about = (...of: (typeof connection)[]) => ({
      events: of.map(({ account }) => ({ account: account.id, type: 'comment', id: `c${of.length}`, data: 'said' })),
    })
    await world.send(about(connection))
    await world.workOnce()
    await world.send(about(connection, other))
    const left = async () => (await world.messages({ accounts: [connection.account.id] })).length
    assert.equal(await left(), 2)
    await world.clock.sleep(31 * minute)
    assert.equal(await left(), 1, 'what waits is still there')
    await world.workOnce()
    await world.clock.sleep(31 * minute)
    assert.equal(await left(), 0)
    assert.equal((await world.records('comment', { connections: [other.id] })).length, 1)
  },
)

story('who connects again within that half hour keeps what comes then', async (world) => {
  const { connection } = await world.connectAccount()
  await world.startJobs()
  await world.engines[0]!.startJobs()
  await world.sendSigned('forget', { user_id: await subjectOf(world, connection) })
  await world.workOnce()
  const { connection: again } = await world.connectAccount()
  assert.equal(again.account.id, connection.account.id)
  await world.send({ events: [{ account: again.account.id, type: 'comment', id: 'c1', data: 'said' }] })
  await world.workOnce()
  await world.clock.sleep(31 * minute)
  assert.equal((await world.messages({ accounts: [again.account.id] })).length, 1)
})

story('a signed request that is not quite right is a forgery', async (world) => {
  const { integrationId, clientSecret } = world
  const claims = Buffer.from('{"user_id":"1"}').toString('base64url')
  const signed = (key: string, algorithm = 'sha256', text = claims) =>
    createHmac(algorithm, key).update(text).digest('base64url')
  const right = signed(clientSecret)
  const ask = (body: string) =>
    world.hooks.receive(integrationId, 'goodbye', {
      ...{ method: 'POST', url: '', query: {}, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      body: Buffer.from(body),
    })
  assert.equal((await ask(`signed=${right}.${claims}`)).status, 200)
  const none = Buffer.from('{"user_id":"1","algorithm":"none"}').toString('base64url')
  const wrong = [
    '',
    'signed=',
    `signed=${claims}`,
    `signed=.${claims}`,
    `signed=${right}.`,
    `signed=${right}.${claims}.`,
    `signed=${right}.${claims}&signed=${right}.${claims}`,
    `other=${right}.${claims}`,
    `signed=${signed('another')}.${claims}`,
    `signed=${signed('')}.${claims}`,
    `signed=${signed(clientSecret, 'sha1')}.${claims}`,
    `signed=${signed(clientSecret, 'sha512')}.${claims}`,
    `signed=${right.slice(0, -1)}.${claims}`,
    `signed=${right}A.${claims}`,
    `signed=${right}.${claims}A`,
    `signed=${right}.${none}`,
    `signed=.${none}`,
    `signed=${createHmac('sha256', clientSecret).update(claims).digest('hex')}.${claims}`,
    // Signed rightly, and says nothing of anybody.
    `signed=${signed(clientSecret, 'sha256', 'bm8')}.bm8`,
    `signed=${signed(clientSecret, 'sha256', 'e30')}.e30`,
  ]
  for (const body of wrong) await fails(ask(body), 'input.unauthenticated')
  assert.equal((await world.messages()).length, 1)
})
