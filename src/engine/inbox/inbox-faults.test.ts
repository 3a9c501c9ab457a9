import assert from 'node:assert/strict'
import { dayMs, header, hmac, hour, isFault, minute } from '@patchbay/kit'
import type { Inbox } from '../../ports/inbox.ts'
import { runInboxSweep } from './inbox-jobs.ts'
import { replayMessages } from './replay.ts'
import { inboxStory as story } from './test-stories.ts'
import type { InboxWorld } from './test-world.ts'

/** A platform that signs when it sends, and takes five minutes for too long. */
const timed = {
  webhooks: {
    verify: hmac({
      ...{ algorithm: 'sha256', secret: 'clientSecret', at: header('x-signature'), prefix: 'v1=', encoding: 'hex' },
      over: [header('x-sent'), '.', { whole: 'body' }],
      time: { at: header('x-sent'), unit: 'seconds', toleranceMs: 5 * minute },
    }),
  },
}

const sendAt = (world: InboxWorld, event: object, sentAt: number) => {
  const body = JSON.stringify({ events: [event] })
  const sent = String(Math.floor(sentAt / 1000))
  return world.send(body, { headers: { 'x-sent': sent, 'x-signature': world.sign(`${sent}.${body}`) } })
}

const workAll = async (world: InboxWorld) => {
  while ((await world.workOnce()) > 0);
}

story(
  'F70: what comes three days late counts by when it happened: it is taken, and puts nothing newer back',
  async (world) => {
    const { connection } = await world.connectAccount()
    const account = connection.account.id
    const now = world.clock.now()
    const state = (object: string, version: number, at: number) => ({
      ...{ account, type: 'comment', id: `${object} v${version}`, object, at, data: { version } },
    })
    await sendAt(world, state('one', 2, now - hour), now)
    await workAll(world)
    // Both happened three days ago, and are sent, and signed, only now.
    for (const late of [state('one', 1, now - 3 * dayMs), state('two', 1, now - 3 * dayMs)])
      assert.equal((await sendAt(world, late, now)).status, 200)
    await workAll(world)
    const records = new Map((await world.records()).map(({ key, data, at }) => [key, { data, at }]))
    assert.deepEqual(records.get('one')?.data, { version: 2 })
    assert.deepEqual(records.get('two'), { data: { version: 1 }, at: now - 3 * dayMs })
    // A signature of three days ago is what this platform would not send, and whoever has seen one could.
    await assert.rejects(sendAt(world, state('two', 2, now), now - 3 * dayMs), (error) =>
      isFault(error, 'input.unauthenticated'),
    )
  },
  timed,
)

story('T30: a message that is sent a thousand times within three days has one effect', async (world) => {
  const { connection } = await world.connectAccount()
  const message = { events: [{ account: connection.account.id, type: 'comment', id: 'c1', data: 'first' }] }
  const bare = { events: [{ account: connection.account.id, type: 'comment', data: 'without an id' }] }
  for (let n = 0; n < 500; n++) {
    assert.equal((await world.send(message)).status, 200)
    assert.equal((await world.send(bare)).status, 200)
    if (n % 10 === 0) await workAll(world)
    if (n % 100 === 0) await runInboxSweep(world.deps)
    await world.clock.sleep((3 * dayMs) / 500)
  }
  await workAll(world)
  assert.equal((await world.messages()).length, 2)
  assert.equal((await world.records()).length, 2)
  assert.equal(world.events().filter((type) => type === 'record.created').length, 2)
})

story(
  'F73: an account, a type and a form that nobody knows are taken, kept apart with why, and done later',
  async (world) => {
    const { connection } = await world.connectAccount()
    const { id: account } = connection.account
    const sent = {
      account: { events: [{ account: 'stranger', type: 'comment', id: 'c1', data: 1 }] },
      type: { events: [{ account, type: 'comment.pinned', id: 'c2', data: 2 }] },
      form: { version: 2, notifications: [{ account, type: 'comment', id: 'c3', data: 3 }] },
    }
    for (const body of Object.values(sent)) assert.equal((await world.send(body)).status, 200)
    await workAll(world)
    const bodyOf = (message: { body: Uint8Array }) => Buffer.from(message.body).toString()
    const found = new Map((await world.messages()).map((message) => [bodyOf(message), message]))
    const [unknownAccount, unknownType, unknownForm] = Object.values(sent).map(
      (body) => found.get(JSON.stringify(body))!,
    )
    assert.deepEqual(
      [unknownAccount!.state, unknownType!.state, unknownForm!.state],
      ['unmatched', 'unmatched', 'failed'],
    )
    assert.match(unknownAccount!.says!, /connected the account stranger/)
    assert.match(unknownType!.says!, /type comment\.pinned/)
    assert.equal(unknownForm!.fault, 'provider.changed')
    assert.deepEqual(await world.records(), [])
    // The next version of the connector knows both, and what came before it is not lost.
    const { webhooks } = world.provider
    Object.assign(webhooks!, {
      keeps: { ...webhooks!.keeps, 'comment.*': 'comment' },
      events: (body: { events?: []; notifications?: [] }) => body.events ?? body.notifications,
    })
    assert.deepEqual(await replayMessages(world.deps, world.environment, {}, 'key:key_1'), { replayed: 3, more: false })
    await workAll(world)
    assert.deepEqual((await world.records()).map(({ key }) => key).sort(), ['c2', 'c3'])
  },
)

/** The first so many times what was stored is not heard of: the answer of the database is lost. */
const deaf = (times: number) => ({
  wrap: ({ inbox }: { inbox: Inbox }) => ({
    inbox: {
      ...inbox,
      store: async (messages: Parameters<Inbox['store']>[0]) => {
        const outcomes = await inbox.store(messages)
        if (times-- > 0) throw new Error('the connection broke while the answer was on its way')
        return outcomes
      },
    },
  }),
})

story(
  'F78: what was stored and not acknowledged is sent again and is still one, with one effect',
  async (world) => {
    const { connection } = await world.connectAccount()
    const message = { events: [{ account: connection.account.id, type: 'comment', id: 'c1', data: 1 }] }
    await assert.rejects(world.send(message), (error) => isFault(error, 'platform.storage'))
    // It is worked through before it comes again.
    await workAll(world)
    for (let times = 0; times < 3; times++) {
      assert.equal((await world.send(message)).status, 200)
      await workAll(world)
    }
    assert.equal((await world.messages()).length, 1)
    assert.equal(world.events().filter((type) => type === 'record.created').length, 1)
  },
  deaf(1),
)

story('F77: more events than any platform sends together are kept and told, and not done in part', async (world) => {
  const { connection } = await world.connectAccount()
  const event = (n: number) => ({ account: connection.account.id, type: 'comment', id: `c${n}`, data: n })
  const all = (count: number) => ({ events: Array.from({ length: count }, (_, n) => event(n)) })
  await world.send(all(2_001))
  await workAll(world)
  assert.equal((await world.messages())[0]!.state, 'failed')
  assert.deepEqual([await world.records(), world.openTasks()], [[], ['replay_messages']])
  await world.send(all(2_000))
  await workAll(world)
  assert.equal((await world.records()).length, 2_000)
})

story('F77: an id of more digits than a number holds is the id that was sent', async (world) => {
  await world.send('{"events":[{"account":17841400008460056123,"type":"comment","id":9007199254740993,"data":1}]}')
  const [message] = await world.messages()
  assert.deepEqual([message!.accounts, message!.dedupe], [['17841400008460056123'], 'id:9007199254740993'])
})
