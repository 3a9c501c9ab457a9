import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { messengerContract } from '../../ports/messenger.contract.ts'
import { NotDelivered } from '../../ports/messenger.ts'
import { systemClock } from '../clock/system.ts'
import { openHttpServer } from '../network/test-server.ts'
import { openUndiciNetwork } from '../network/undici.ts'
import { openWebhookMessenger } from './webhook.ts'

const secret = `whsec_${Buffer.from('a secret of twenty-four.').toString('base64')}`
const letter = { id: 'tsk_1.chn_1', subject: 's', text: 't', data: { tasks: [] } }
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
  let how: 'accept' | 'refuse' | 'hang' | 'gone' = 'accept'
  const { server, got } = await openReceiver((response) => {
    if (how === 'accept') response.writeHead(204).end()
    if (how === 'refuse') response.writeHead(500).end(`no: ${secret}`)
  })
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
    async behave(next) {
      how = next
      if (how === 'gone') await server.close()
    },
    async close() {
      await network.close()
      if (how !== 'gone') await server.close()
    },
  }
})

test('the signature is what the official library accepts, and only for that body', async () => {
  const { server, got } = await openReceiver()
  const network = openUndiciNetwork({ allow: [new URL(server.origin).host] })
  await openWebhookMessenger({ network, clock: systemClock }).deliver(letter, { kind: 'webhook', url: server.origin }, secret, never) // biome-ignore format: a call
  const { headers, body } = got[0]!
  const witness = new Webhook(secret)
  assert.deepEqual((witness.verify(body, headers) as { data: unknown }).data, { tasks: [], subject: 's', text: 't' })
  assert.throws(() => witness.verify(body.replace('notice', 'notIce'), headers))
  assert.throws(() => new Webhook(Buffer.from('another secret, as long.').toString('base64')).verify(body, headers))
  await network.close()
  await server.close()
})

test('a private address is not asked unless the operator allowed it, and a redirect is not followed', async () => {
  const inner = await openReceiver()
  const strict = openUndiciNetwork()
  const address = (url: string) => ({ kind: 'webhook', url }) as const
  const messenger = openWebhookMessenger({ network: strict, clock: systemClock })
  for (const url of [inner.server.origin, inner.server.origin.replace('http:', 'https:'), 'https://127.0.0.1/', 'https://169.254.169.254/', 'https://[::1]/', 'https://localhost/', 'file:///etc/passwd', 'nonsense']) // biome-ignore format: a list
    await assert.rejects(messenger.deliver(letter, address(url), secret, never), (error) => {
      assert.ok(error instanceof NotDelivered)
      return /PATCHBAY_EGRESS_ALLOW/.test(error.message)
    })
  const outer = await openReceiver((response) => response.writeHead(307, { location: inner.server.origin }).end())
  const network = openUndiciNetwork({ allow: [outer, inner].map(({ server }) => new URL(server.origin).host) })
  const redirected = openWebhookMessenger({ network, clock: systemClock })
  await assert.rejects(
    redirected.deliver(letter, address(outer.server.origin), secret, never),
    /redirects are not followed/,
  )
  assert.deepEqual(inner.got, [])
  await Promise.all([strict.close(), network.close(), inner.server.close(), outer.server.close()])
})
