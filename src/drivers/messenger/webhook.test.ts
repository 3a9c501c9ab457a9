import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { messengerContract } from '../../ports/messenger.contract.ts'
import { NotDelivered } from '../../ports/messenger.ts'
import { systemClock } from '../clock/system.ts'
import { openHttpServer, type TestServer } from '../network/test-server.ts'
import { openUndiciNetwork } from '../network/undici.ts'
import { openBehaviour } from './test-receiver.ts'
import { openWebhookMessenger } from './webhook.ts'

const secret = `whsec_${Buffer.from('a secret of twenty-four.').toString('base64')}`
const letter = { id: 'tsk_1.chn_1', subject: 's', text: 't', brief: 'b', link: null, data: { tasks: [] } }
const never = new AbortController().signal

/** A receiver, and what it took. */
async function openReceiver(respond = (response: ServerResponse): unknown => response.end()) {
  const got: { headers: Record<string, string>; body: string }[] = []
  const server = await openHttpServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    respond(response)
    if (response.writableEnded && response.statusCode < 300)
      got.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(pieces).toString() })
  })
  return { server, got }
}

messengerContract('as a webhook', async () => {
  const { answer, rest } = openBehaviour({
    accept: (response) => response.writeHead(204).end(),
    refuse: (response) => response.writeHead(500).end(`no: ${secret}`),
  })
  const { server, got } = await openReceiver(answer)
  const network = openUndiciNetwork({ allow: [new URL(server.origin).host] })
  return {
    messenger: openWebhookMessenger({ network, clock: systemClock }),
    address: { kind: 'webhook', url: `${server.origin}/hook?token=in-the-address` },
    secret,
    secrets: [secret, secret.slice(6), 'in-the-address'],
    received: () =>
      got.map(({ headers, body }) => {
        const { data } = JSON.parse(body)
        return { id: headers['webhook-id']!, subject: data.subject, text: data.text, headers }
      }),
    ...rest({ server, network }),
  }
})

/** A messenger over a network of its own, which is closed whatever the test says. */
function openMessenger(t: TestContext, receivers: readonly { server: TestServer }[] = []) {
  const network = openUndiciNetwork({ allow: receivers.map(({ server }) => new URL(server.origin).host) })
  t.after(async () => {
    await network.close()
    for (const { server } of receivers) await server.close()
  })
  const messenger = openWebhookMessenger({ network, clock: systemClock })
  return (url: string) => messenger.deliver(letter, { kind: 'webhook', url }, secret, never)
}

test('the signature is what the official library accepts, and only for that body', async (t) => {
  const receiver = await openReceiver()
  await openMessenger(t, [receiver])(receiver.server.origin)
  const { headers, body } = receiver.got[0]!
  const witness = new Webhook(secret)
  assert.deepEqual((witness.verify(body, headers) as { data: unknown }).data, { tasks: [], subject: 's', text: 't' })
  assert.throws(() => witness.verify(body.replace('notice', 'notIce'), headers))
  assert.throws(() => new Webhook(Buffer.from('another secret, as long.').toString('base64')).verify(body, headers))
})

test('a private address is not asked unless the operator allowed it', async (t) => {
  const receiver = await openReceiver()
  t.after(() => receiver.server.close())
  const deliver = openMessenger(t)
  const addresses = [
    receiver.server.origin,
    receiver.server.origin.replace('http:', 'https:'),
    'https://127.0.0.1/',
    'https://169.254.169.254/',
    'https://[::1]/',
    'https://localhost/',
    'file:///etc/passwd',
    'nonsense',
  ]
  for (const url of addresses)
    await assert.rejects(deliver(url), (error) => {
      assert.ok(error instanceof NotDelivered, url)
      return /PATCHBAY_EGRESS_ALLOW/.test(error.message)
    })
  assert.deepEqual(receiver.got, [])
})

test('a redirect is not followed and is no success', async (t) => {
  const inner = await openReceiver()
  const outer = await openReceiver((response) => response.writeHead(307, { location: inner.server.origin }).end())
  await assert.rejects(openMessenger(t, [outer, inner])(outer.server.origin), /redirects are not followed/)
  assert.deepEqual(inner.got, [])
})
