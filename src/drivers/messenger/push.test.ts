import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { makePushKey } from '../../engine/notices/push-key.ts'
import { messengerContract } from '../../ports/messenger.contract.ts'
import { NotDelivered, type PushSecret } from '../../ports/messenger.ts'
import { openUndiciNetwork } from '../network/undici.ts'
import { systemRandom } from '../random/system.ts'
import { openPushMessenger } from './push.ts'
import { openPushService } from './test-push-service.ts'
import { openBehaviour } from './test-receiver.ts'

const never = new AbortController().signal
const letter = { id: 'tsk_1.chn_1', subject: 's', text: 't', brief: 'b', link: null, data: {} }
const contact = 'mailto:ada@example.com'

async function openDevice(answer?: Parameters<typeof openPushService>[1]) {
  const { publicKey, privateKey } = makePushKey(systemRandom)
  const service = await openPushService(publicKey, answer)
  const { subscription } = service
  const network = openUndiciNetwork({ allow: [new URL(service.server.origin).host] })
  return {
    ...service,
    messenger: openPushMessenger({ network, contact }),
    address: { kind: 'push' as const, publicKey, service: new URL(subscription.endpoint).host },
    secret: JSON.stringify({ privateKey, subscription } satisfies PushSecret),
    secrets: [privateKey, subscription.keys.auth, 'a-secret-of-the-device'],
    network,
  }
}

messengerContract('as Web Push', async () => {
  const { answer, rest } = openBehaviour({
    accept: (response) => response.writeHead(201).end(),
    refuse: (response) => response.writeHead(500).end(),
  })
  const { server, network, pushed, ...device } = await openDevice(answer)
  return {
    ...device,
    received: () => pushed.map(({ letter, headers }) => ({ ...letter, headers })),
    ...rest({ server, network }),
  }
})

async function openFor(t: TestContext, answer?: Parameters<typeof openPushService>[1]) {
  const device = await openDevice(answer)
  t.after(async () => {
    await device.network.close()
    await device.server.close()
  })
  return device
}

test('a push service lets in nobody with another key, and the letter is read by nobody but the device', async (t) => {
  const { messenger, address, secret, pushed, subscription } = await openFor(t)
  const { privateKey } = makePushKey(systemRandom)
  const stolen = JSON.stringify({ privateKey, subscription } satisfies PushSecret)
  await assert.rejects(messenger.deliver(letter, address, stolen, never), /does not know our key/)
  assert.equal(pushed.length, 0)
  await messenger.deliver({ ...letter, link: 'https://patchbay.example/console' }, address, secret, never)
  const { headers, letter: got } = pushed[0]!
  assert.deepEqual(got, { id: letter.id, subject: 's', text: 'b', link: 'https://patchbay.example/console' })
  assert.deepEqual([headers['content-encoding'], headers.ttl], ['aes128gcm', String(4 * 24 * 3600)])
})

test('what is too long for a push service is cut between two characters', async (t) => {
  const { messenger, address, secret, pushed } = await openFor(t)
  await messenger.deliver({ ...letter, brief: `a${'é'.repeat(4000)}` }, address, secret, never)
  assert.match(pushed[0]!.letter.text, /^aé{1249}…$/)
  assert.ok(Number(pushed[0]!.headers['content-length']) <= 4096)
})

test('what a device does with it is said in words that help', async (t) => {
  for (const [status, says] of [
    [404, /make it anew there/],
    [410, /make it anew there/],
    [429, /fewer letters/],
    [502, /answered 502/],
  ] as const) {
    const { messenger, address, secret } = await openFor(t, (response) => response.writeHead(status).end())
    await assert.rejects(messenger.deliver(letter, address, secret, never), (error) => {
      assert.ok(error instanceof NotDelivered)
      assert.match(error.message, says)
      return true
    })
  }
  const { messenger, address, secret } = await openFor(t)
  const alone = JSON.stringify({ ...JSON.parse(secret), subscription: null })
  await assert.rejects(messenger.deliver(letter, address, alone, never), /No device has joined/)
})
