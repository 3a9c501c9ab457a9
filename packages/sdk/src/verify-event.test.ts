import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { SeededRandom } from '../../../src/drivers/random/seeded.ts'
import { eventBody } from '../../../src/engine/delivery/event-body.ts'
import { makeSigningKey, signedHeaders, signersOf } from '../../../src/engine/delivery/signing-keys.ts'
import { UnverifiedEvent, verifyEvent } from './verify-event.ts'

// The reference library looks at the machine's clock, so what it verifies was sent now.
const now = new Date()
const random = new SeededRandom('verify', { now: () => now.getTime() })
const [hmac, other, asymmetric] = (['hmac', 'hmac', 'ed25519'] as const).map((kind) =>
  makeSigningKey({ random }, kind, now.getTime()),
) as [ReturnType<typeof makeSigningKey>, ReturnType<typeof makeSigningKey>, ReturnType<typeof makeSigningKey>]
const id = 'evt_0mc7jd'
const body = eventBody({
  ...{
    id,
    environmentId: 'env_test',
    type: 'channel.recovered',
    at: now.getTime(),
    connectionId: null,
    profileId: 'Zoë',
  },
  data: { channel: 'chn_1' },
})

type Headers = Record<string, string>
const sign = (keys: readonly ReturnType<typeof makeSigningKey>[], at = now, text = body): Headers => {
  const secrets = Object.fromEntries(keys.map(({ key, secret }) => [key.id, secret]))
  const signers = signersOf(
    keys.map(({ key }) => key),
    secrets,
    at.getTime(),
  )
  return signedHeaders(signers, id, at.getTime(), text)
}
const headers = sign([hmac])

test('what the server signs, the reference library and the SDK take', async () => {
  assert.deepEqual(new Webhook(hmac.secret).verify(body, headers), JSON.parse(body))
  const event = await verifyEvent(body, headers, hmac.secret)
  assert.deepEqual(event, JSON.parse(body))
  assert.deepEqual(await verifyEvent(new TextEncoder().encode(body), new Headers(headers), hmac.secret), event)
  assert.deepEqual(await verifyEvent(body, { ...headers, 'Webhook-Id': id }, hmac.secret), event)
  if (event.type === 'channel.recovered') assert.equal(event.data.channel, 'chn_1')
})

test('while a secret is rotated both take it, and so does a public key', async () => {
  const both = sign([other, hmac, asymmetric])
  for (const secret of [other.secret, hmac.secret]) {
    new Webhook(secret).verify(body, both)
    await verifyEvent(body, both, secret)
  }
  await verifyEvent(body, both, asymmetric.key.publicKey!)
  await assert.rejects(verifyEvent(`${body} `, both, asymmetric.key.publicKey!), UnverifiedEvent)
  await assert.rejects(verifyEvent(body, sign([hmac]), asymmetric.key.publicKey!), UnverifiedEvent)
})

const minutes = (count: number) => new Date(now.getTime() + count * 60_000)
const signature = headers['webhook-signature']!
const bits = Buffer.from(signature.slice(3), 'base64')
bits[31]! ^= 1
const flipped = `v1,${bits.toString('base64')}`
const mutations: Readonly<Record<string, [headers: Headers, body: string, secret?: string]>> = {
  'another secret': [headers, body, other.secret],
  'another body': [headers, body.replace('chn_1', 'chn_2')],
  'a body that means the same': [headers, JSON.stringify(JSON.parse(body), null, 1)],
  'a longer body': [headers, `${body}\n`],
  'a shorter body': [headers, body.slice(0, -1)],
  'no body': [headers, ''],
  'another id': [{ ...headers, 'webhook-id': 'evt_other' }, body],
  'no id': [{ ...headers, 'webhook-id': '' }, body],
  'a time a second later': [
    { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) },
    body,
  ],
  'a time that is none': [{ ...headers, 'webhook-timestamp': 'now' }, body],
  'six minutes ago': [sign([hmac], minutes(-6)), body],
  'in six minutes': [sign([hmac], minutes(6)), body],
  'no signature': [{ ...headers, 'webhook-signature': '' }, body],
  'an empty signature': [{ ...headers, 'webhook-signature': 'v1,' }, body],
  'one bit of the signature': [{ ...headers, 'webhook-signature': flipped }, body],
  'the beginning of the signature': [{ ...headers, 'webhook-signature': signature.slice(0, 20) }, body],
  'a version that is not ours': [{ ...headers, 'webhook-signature': signature.replace('v1,', 'v2,') }, body],
  'a signature of another kind': [{ ...headers, 'webhook-signature': signature.replace('v1,', 'v1a,') }, body],
  'a signature without a version': [{ ...headers, 'webhook-signature': signature.slice(3) }, body],
}

test(`of ${Object.keys(mutations).length} mutations the reference library and the SDK take none`, async () => {
  assert.ok(Object.keys(mutations).length >= 15)
  for (const [what, [changed, text, secret = hmac.secret]] of Object.entries(mutations)) {
    assert.throws(() => new Webhook(secret).verify(text, changed), `the reference library takes ${what}`)
    await assert.rejects(verifyEvent(text, changed, secret), UnverifiedEvent, `the SDK takes ${what}`)
  }
})

test('a secret that is none is said to be so', async () => {
  for (const secret of ['', 'whsec_', 'whsec_!', 'whpk_abc'])
    await assert.rejects(verifyEvent(body, headers, secret), /whsec_…|Invalid/i, secret)
})
