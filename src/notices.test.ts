import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { openMailServer } from './drivers/messenger/test-mail-server.ts'
import { openPushService } from './drivers/messenger/test-push-service.ts'
import { openHttpServer } from './drivers/network/test-server.ts'
import { runNotices } from './engine/notices/deliver-notices.ts'
import { startTestServer, type TestServer } from './test-server.ts'

/** Notifications through the real server: its API, PostgreSQL, a mail server and a receiver of webhooks. */
let server: TestServer
let mail: Awaited<ReturnType<typeof openMailServer>>
let receiver: Awaited<ReturnType<typeof openHttpServer>>
const requests: { headers: Record<string, string>; body: string }[] = []
let answers = 204

before(async () => {
  mail = await openMailServer({ user: 'post', password: 'mail-password' })
  receiver = await openHttpServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    requests.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(pieces).toString() })
    response.writeHead(answers).end()
  })
  server = await startTestServer({
    env: () => ({
      PATCHBAY_SMTP_URL: `smtp://post:mail-password@127.0.0.1:${mail.port}`,
      PATCHBAY_MAIL_FROM: 'Patchbay <patchbay@example.com>',
      PATCHBAY_EGRESS_ALLOW: new URL(receiver.origin).host,
    }),
  })
})
after(async () => {
  await server?.stop()
  await mail?.close()
  await receiver?.close()
})

const pass = () => {
  const { deps, setting, vault } = server.engine
  return runNotices({ deps, setting, vault }, new AbortController().signal)
}

function openTask(title: string, environment = server.environments.test): Promise<void> {
  const { deps } = server.engine
  const id = deps.random.id('tsk')
  return deps.journal.note(environment.id, {
    at: deps.clock.now(),
    actor: 'system',
    openTasks: [
      {
        ...{ id, kind: 'set_up', subject: id, title, description: 'D', category: 'setup', priority: 'high' },
        ...{ impact: 50, dueAt: null },
      },
    ],
  })
}

const bodies = () =>
  requests.map(({ body }) => JSON.parse(body).data.tasks.map(({ title }: { title: string }) => title))

test('a task goes once to the console, by mail and as a signed webhook, also when two processes look', async () => {
  const api = server.client()
  const email = await api.channels.create({ name: 'Mail', address: { kind: 'email', to: ['ada@example.com'] } })
  const hook = await api.channels.create({ name: 'Hook', address: { kind: 'webhook', url: `${receiver.origin}/in` } })
  assert.equal(email.secret, null)
  await openTask('Put the app in order')
  await openTask('Not ours', server.environments.other)
  await Promise.all([pass(), pass(), pass()])
  await pass()
  assert.deepEqual(
    mail.received().map(({ subject, to }) => [subject, to]),
    [['Patchbay: Put the app in order', ['ada@example.com']]],
  )
  assert.deepEqual(bodies(), [['Put the app in order']])
  const { headers, body } = requests[0]!
  new Webhook(hook.secret!).verify(body, headers)
  const told = await api.notices.list()
  assert.deepEqual([told.unread, told.data.map(({ task }) => task.title)], [1, ['Put the app in order']])
  assert.deepEqual(await api.notices.read({}), { read: 1, unread: 0 })

  const dump = [...(await server.dump()).values()].join('\n') + server.lines.join('\n')
  for (const secret of [hook.secret!.slice(6), 'mail-password']) assert.ok(!dump.includes(secret))
})

test('a receiver that fails is said so, holds up nobody, and hears the same letter again', async () => {
  const api = server.client()
  requests.length = 0
  answers = 503
  await openTask('Second')
  await pass()
  assert.equal(mail.received().at(-1)?.subject, 'Patchbay: Second')
  const { data } = await api.channels.list()
  const hook = data.find(({ name }) => name === 'Hook')!
  assert.match(hook.failingSays ?? '', /answered 503/)
  answers = 204
  assert.deepEqual(await api.channels.test({ id: hook.id }), { id: hook.id, works: true, says: null })
  const again = (await api.channels.list()).data.find(({ id }) => id === hook.id)!
  assert.equal(again.failingSince, null)
  await server.database.database.tenant(server.environments.test.id, (sql) =>
    sql(`update notice set next_at = next_at - interval '1 hour' where state = 'waiting'`),
  )
  await pass()
  const [first, , last] = requests.map(({ headers }) => headers['webhook-id'])
  assert.equal(last, first)
})

test('a device is told once it has joined, and its secrets stand nowhere', async () => {
  const api = server.client()
  const made = await api.channels.create({ name: 'Phone', address: { kind: 'push' } })
  assert.ok(made.address.kind === 'push')
  assert.deepEqual([made.enabled, made.secret, made.address.service], [false, null, null])
  const { id } = made
  await assert.rejects(api.channels.change({ id, enabled: true }), /No device has joined it yet/)
  const { works, says } = await api.channels.test({ id })
  assert.deepEqual([works, /No device has joined it/.test(says ?? '')], [false, true])

  const device = await openPushService(made.address.publicKey)
  const service = new URL(device.subscription.endpoint).host
  try {
    const { keys, endpoint } = device.subscription
    for (const [wrong, field] of [
      [{ endpoint: 'ftp://x' }, 'endpoint'],
      [{ keys: { ...keys, p256dh: keys.auth } }, 'keys.p256dh'],
      [{ keys: { ...keys, auth: 'c2hvcnQ' } }, 'keys.auth'],
    ] as const) {
      const body = { endpoint, keys, ...wrong }
      const { status, json } = await server.ask('POST', `/v1/notification-channels/${id}/join`, { body })
      assert.deepEqual([status, json.field], [422, field])
    }
    const joined = await api.channels.join({ id, ...device.subscription })
    assert.deepEqual([joined.enabled, joined.address], [true, { ...made.address, service }])
    // Where it is, it says itself; a change of its name does not lose that.
    const named = await api.channels.change({ id, name: 'My phone', address: { kind: 'push' } })
    assert.deepEqual(named.address, joined.address)
    const blocked = await api.channels.test({ id })
    assert.match(blocked.says ?? '', /PATCHBAY_EGRESS_ALLOW/)

    const dump = [...(await server.dump()).values()].join('\n') + server.lines.join('\n')
    for (const secret of [keys.auth, 'a-secret-of-the-device']) assert.ok(!dump.includes(secret))
    const { data } = await api.audit.list({ subject: id })
    assert.ok(data.some(({ action, detail }) => action === 'channel.joined' && detail.service === service))
    const mail = (await api.channels.list()).data.find(({ address }) => address.kind === 'email')!
    const { status } = await server.ask('POST', `/v1/notification-channels/${mail.id}/join`, {
      body: { endpoint, keys },
    })
    assert.equal(status, 409)
  } finally {
    await device.server.close()
    await api.channels.remove({ id })
  }
})

test('who made, changed, tested and removed a channel is in the audit; what is wrong with a wish is said', async () => {
  const api = server.client()
  const made = await api.channels.create({ name: 'Brief', address: { kind: 'email', to: ['a@example.com'] } })
  await api.channels.change({ id: made.id, enabled: false, kinds: ['reconnect'] })
  await api.channels.test({ id: made.id })
  await api.channels.remove({ id: made.id })
  const { data } = await api.audit.list({ subject: made.id })
  assert.deepEqual(
    data.map(({ action }) => action),
    ['channel.removed', 'channel.tested', 'channel.changed', 'channel.created'],
  )
  assert.deepEqual(data[2]!.detail, { changed: ['enabled', 'kinds'] })
  const wishes: [wish: Record<string, unknown>, status: number, field: string][] = [
    [{ address: { kind: 'email', to: ['no address'] } }, 422, 'address.to.0'],
    [{ address: { kind: 'webhook', url: 'ftp://x' } }, 422, 'address.url'],
    [{ address: { kind: 'webhook', url: 'https://me:secret@x.example' } }, 422, 'address.url'],
    [{ address: { kind: 'console' } }, 409, 'address'],
    [{ quiet: { zone: 'Mars/Olympus', from: '22:00', to: '07:00', highPasses: true } }, 422, 'quiet.zone'],
    [{ quiet: { zone: 'UTC', from: '22:00', to: '22:00', highPasses: true } }, 422, 'quiet.to'],
    [{ quiet: { zone: 'UTC', from: '24:00', to: '07:00', highPasses: true } }, 422, 'quiet.from'],
  ]
  for (const [wish, status, field] of wishes) {
    const body = { name: 'Wrong', address: { kind: 'email', to: ['a@example.com'] }, ...wish }
    const { status: got, json } = await server.ask('POST', '/v1/notification-channels', { body })
    assert.deepEqual([got, json.field], [status, field], JSON.stringify(wish))
  }
  assert.equal((await server.ask('DELETE', '/v1/notification-channels/console')).status, 409)
})
