import assert from 'node:assert/strict'
import { createSign, generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { type Handshake, handshakes, type RawMessage, signatures, type Verification } from '@patchbay/kit'
import { answerHandshake } from './answer-handshake.ts'
import { verifyMessage } from './verify-message.ts'

/** What vendors publish to check an implementation with, and what was computed from their documents. */
const root = resolve(import.meta.dirname, '../../../..')
const path = join(resolve(root, process.env.PATCHBAY_SPECS_DIR ?? '../shared/specs'), 'webhook-signing', 'vectors.json')
const skip = !existsSync(path) && 'PATCHBAY_SPECS_DIR has no webhook-signing/vectors.json'

interface Vector {
  readonly [name: string]: unknown
  readonly provider: string
  readonly kind?: string
  readonly body?: string
  readonly headers?: Record<string, string>
}

const vectors = (provider: string, kind?: string): Vector[] => {
  const { vectors: all } = JSON.parse(readFileSync(path, 'utf8')) as { vectors: Vector[] }
  const found = all.filter((one) => one.provider === provider && (kind === undefined || one.kind === kind))
  assert.ok(found.length > 0, `no vector for ${provider}`)
  return found
}

const messageOf = (given: Partial<RawMessage> & { headers?: Record<string, string>; text?: string }): RawMessage => {
  const url = given.url ?? 'https://app.example/hooks/1'
  return {
    ...{ method: 'POST', url, query: Object.fromEntries(new URL(url).searchParams) },
    ...given,
    headers: Object.fromEntries(
      Object.entries(given.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    body: Buffer.from(given.text ?? ''),
  }
}

async function check(
  verify: Verification,
  message: RawMessage,
  secrets: Record<string, string>,
  signedAt: number | null = null,
) {
  const known = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, [value]]))
  const now = signedAt ?? 0
  assert.deepEqual(await verifyMessage(verify, message, known, now), { ok: true, signedAt })
  const other = { ...message, body: Buffer.concat([message.body, Buffer.from(' ')]) }
  if (message.body.length > 0) assert.equal((await verifyMessage(verify, other, known, now)).ok, false)
}

test('Stripe, Slack, SendGrid', { skip }, async () => {
  for (const { body, secret, headers, timestamp } of vectors('stripe'))
    await check(
      signatures.stripe(),
      messageOf({ headers, text: body }),
      { signingSecret: secret as string },
      Number(timestamp) * 1000,
    )
  for (const { body, signingSecret, headers } of vectors('slack'))
    await check(
      signatures.slack(),
      messageOf({ headers, text: body }),
      { signingSecret: signingSecret as string },
      1_531_420_618_000,
    )
  for (const { body, publicKey, headers } of vectors('sendgrid'))
    await check(
      signatures.sendGrid(),
      messageOf({ headers, text: body }),
      { verificationKey: publicKey as string },
      1_600_112_502_000,
    )
})

test('Twilio: a form, and bodies that are hashed in the address', { skip }, async () => {
  const type = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
  for (const { url, params, authToken, headers } of vectors('twilio', 'form')) {
    const text = new URLSearchParams(params as Record<string, string>).toString()
    const message = messageOf({ url: url as string, headers: { ...headers, ...type }, text })
    const secrets = { authToken: [authToken as string] }
    assert.equal((await verifyMessage(signatures.twilio(), message, secrets, 0)).ok, true)
    const more = { ...message, body: Buffer.from(`${text}&Extra=1`) }
    assert.equal((await verifyMessage(signatures.twilio(), more, secrets, 0)).ok, false)
  }
  for (const { url, body, authToken, headers } of vectors('twilio', 'json'))
    await check(signatures.twilio(), messageOf({ url: url as string, headers, text: body }), {
      authToken: authToken as string,
    })
})

test('Standard Webhooks and Svix', { skip }, async () => {
  const [{ body, secret, headers }] = vectors('svix / standard-webhooks / resend / openai / anthropic') as [Vector]
  const at = 1_614_265_330_000
  await check(
    signatures.standardWebhooks(),
    messageOf({ headers, text: body }),
    { signingSecret: secret as string },
    at,
  )
  const older = Object.fromEntries(
    Object.entries(headers!).map(([name, value]) => [name.replace('webhook', 'svix'), value]),
  )
  await check(signatures.svix(), messageOf({ headers: older, text: body }), { signingSecret: secret as string }, at)
})

test('HubSpot by its third version; the first two are refused', { skip }, async () => {
  const [{ body, clientSecret, headers, url }] = vectors('hubspot', 'v3') as [Vector]
  const secrets = { clientSecret: clientSecret as string }
  await check(signatures.hubSpot(), messageOf({ url: url as string, headers, text: body }), secrets, 1_767_225_600_000)
  for (const kind of ['v1', 'v2'])
    for (const old of vectors('hubspot', kind)) {
      const message = messageOf({ url: 'https://www.example.com/webhook_uri', headers: old.headers, text: old.body })
      assert.equal(
        (await verifyMessage(signatures.hubSpot(), message, { clientSecret: [secrets.clientSecret] }, 0)).ok,
        false,
      )
    }
})

test('Square, Adyen', { skip }, async () => {
  for (const { body, signatureKey, notificationUrl, headers } of vectors('square'))
    await check(signatures.square(), messageOf({ url: notificationUrl as string, headers, text: body }), {
      signatureKey: signatureKey as string,
    })
  for (const { signedString, hmacKeyHex, hmacSignature } of vectors('adyen')) {
    const [psp, original, account, reference, value, currency, eventCode, success] = (signedString as string).split(':')
    const item = {
      ...{ additionalData: { hmacSignature }, amount: { currency, value: Number(value) }, eventCode, success },
      ...{ pspReference: psp, originalReference: original, merchantAccountCode: account, merchantReference: reference },
    }
    const text = (notification: object) =>
      JSON.stringify({ live: 'false', notificationItems: [{ NotificationRequestItem: notification }] })
    const secrets = { hmacKey: [hmacKeyHex as string] }
    const verdict = (notification: object) =>
      verifyMessage(signatures.adyen(), messageOf({ text: text(notification) }), secrets, 0)
    assert.equal((await verdict(item)).ok, true)
    assert.equal((await verdict({ ...item, amount: { currency, value: 999 } })).ok, false)
  }
})

test('Braintree: what it sends, and what it asks an address', { skip }, async () => {
  for (const { bt_payload, bt_signature, publicKey, privateKey } of vectors('braintree', 'notification')) {
    const secrets = { publicKey: [publicKey as string], privateKey: [privateKey as string] }
    const verdict = (payload: string) => {
      const text = new URLSearchParams({ bt_signature: bt_signature as string, bt_payload: payload }).toString()
      return verifyMessage(signatures.braintree(), messageOf({ text }), secrets, 0)
    }
    assert.equal((await verdict(bt_payload as string)).ok, true)
    // Clients met it without its last line end.
    assert.equal((await verdict((bt_payload as string).trimEnd())).ok, true)
    assert.equal((await verdict(`x${bt_payload}`)).ok, false)
  }
  for (const { bt_challenge, response, publicKey, privateKey } of vectors('braintree', 'challenge')) {
    const message = messageOf({ method: 'GET', url: `https://app.example/hooks/1?bt_challenge=${bt_challenge}` })
    const secrets = { publicKey: [publicKey as string], privateKey: [privateKey as string] }
    assert.equal(await echoed(handshakes.braintree(), message, secrets), response)
  }
})

test('PayPal: what is signed is made of a checksum', { skip }, async () => {
  const [vector] = vectors('paypal', 'message') as [Vector]
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const certUrl = 'https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594'
  const message = messageOf({
    text: vector.body,
    headers: {
      'paypal-transmission-id': vector.transmissionId as string,
      'paypal-transmission-time': vector.transmissionTime as string,
      'paypal-transmission-sig': createSign('sha256')
        .update(vector.message as string)
        .sign(privateKey, 'base64'),
      'paypal-cert-url': certUrl,
    },
  })
  const asked: string[] = []
  const certificates = {
    keyAt: async (address: string) => {
      asked.push(address)
      return publicKey
    },
  }
  const now = Date.parse(vector.transmissionTime as string)
  const verdict = (webhookId: string) =>
    verifyMessage(signatures.payPal(), message, { webhookId: [webhookId] }, now, { certificates })
  assert.deepEqual(await verdict(vector.webhookId as string), { ok: true, signedAt: now })
  assert.equal((await verdict('1JE4291016473214D')).ok, false)
  assert.deepEqual(asked, [certUrl, certUrl])
})

test('TikTok, Vercel, Heroku, Segment', { skip }, async () => {
  const signature = '226d1a9a28b8a40b2fe3755a79a367244aaf054c28a7dd8ff459822ac5330404'
  const tikTok = messageOf({ text: '{"a":1}', headers: { 'Tiktok-Signature': `t=1763700000,s=${signature}` } })
  await check(signatures.tikTok(), tikTok, { clientSecret: 's3cr3t' }, 1_763_700_000_000)
  for (const { body, headers, secret } of vectors('vercel'))
    await check(signatures.vercel(), messageOf({ headers, text: body }), { webhookSecret: secret as string })
  for (const { body, headers, secret } of vectors('heroku'))
    await check(signatures.heroku(), messageOf({ headers, text: body }), { webhookSecret: secret as string })
  for (const { body, headers, sharedSecret } of vectors('segment'))
    await check(signatures.segment(), messageOf({ headers, text: body }), { sharedSecret: sharedSecret as string })
})

async function echoed(handshake: Handshake, message: RawMessage, secrets: Record<string, string[]>) {
  const answer = await answerHandshake({ verify: signatures.meta(), handshakes: [handshake] }, message, secrets, 0, {
    certificates: { keyAt: () => assert.fail('no certificate is needed') },
    network: { send: () => assert.fail('nothing is asked for') },
    isAskedFor: () => assert.fail('there is no topic'),
  })
  return answer?.kind === 'answer' ? answer.body : answer
}
