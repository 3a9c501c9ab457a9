import assert from 'node:assert/strict'
import crypto, { createHash, createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { type RawMessage, signatures, type Verification } from '@patchbay/kit'
import { type SignedLetter, type SigningKeys, signers } from '../../../../sandbox/signers.ts'
import { derivedKey } from './hmac-keys.ts'
import type { Secrets } from './read-parts.ts'
import { verifyMessage } from './verify-message.ts'

/**
 * Every scheme against the sandbox's own signer: what that signs is right, and none of what can be made of it without the secret is. The
 * forgeries are made by rules that know nothing of a scheme but where its signature stands.
 */
type Name = keyof typeof signatures

const now = Date.parse('2026-11-28T12:00:00.250Z')
const settings = {
  ...{ clientSecret: 'client-secret-1', consumerSecret: 'consumer-secret-1', macSecret: 'bWFjLXNlY3JldC0x' },
  ...{ signingSecret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', authToken: 'auth-token-1', signatureKey: 'key-1' },
  ...{ hmacKey: 'DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00', webhookId: '1JE4291016473214C' },
  ...{ privateKey: 'integration_private_key', publicKey: 'integration_public_key', webhookSecret: 'webhook-secret-1' },
  ...{ sharedSecret: 'shared-secret-1', topicArn: 'arn:aws:sns:eu-west-1:123456789012:plays' },
}
const others = { ...settings, signingSecret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD', macSecret: 'bWFjLXNlY3JldC0y' }
for (const name of [
  'clientSecret',
  'consumerSecret',
  'authToken',
  'signatureKey',
  'privateKey',
  'webhookSecret',
  'sharedSecret',
] as const)
  others[name] = `${settings[name]}2`
others.topicArn = 'arn:aws:sns:eu-west-1:210987654321:plays'
others.hmacKey = settings.hmacKey.replace(/00$/, '01')

const pairs = { ours: pairsOf(), foreign: pairsOf() }
const certificates = {
  payPal: 'https://api.paypal.com/v1/notifications/certs/CERT-1',
  awsSns: 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem',
} as Partial<Record<Name, string>>

/** What verification looks up, as it is stored for an integration. */
const secretsOf = (name: Name, values = settings): Secrets => {
  const keys = { discord: rawEd25519(pairs.ours.ed25519.publicKey) }
  const spki = pairs.ours.ec.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const all = { ...values, verificationKey: spki, ...(name === 'discord' && { publicKey: keys.discord }) }
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, [value]]))
}

/** At any other address of the platform is another certificate of the platform. */
const world = {
  certificates: {
    keyAt: async (address: string) =>
      Object.values(certificates).includes(address) ? pairs.ours.rsa.publicKey : pairs.foreign.rsa.publicKey,
  },
}

/** `amount-17` stands in each, in a part that is signed. */
const bodies: Partial<Record<Name, { body: string; contentType?: string }>> = {
  twilio: { body: 'Body=amount-17&From=%2B14158675309', contentType: 'application/x-www-form-urlencoded' },
  adyen: {
    body: JSON.stringify({
      ...{ pspReference: 'amount-17', merchantAccountCode: 'shop', amount: { value: 1000, currency: 'EUR' } },
      ...{ eventCode: 'AUTHORISATION', success: 'true' },
    }),
  },
}

function signed(
  name: Name,
  change: { values?: typeof settings; pair?: typeof pairs.ours; body?: string; at?: number; url?: string } = {},
) {
  const { values = settings, pair = pairs.ours, at = now, url = 'https://app.example/hooks/int_1' } = change
  const keys: SigningKeys = {
    secret: (key) =>
      key === 'hubSecret' ? derivedKey(values.clientSecret, 'websub') : values[key as keyof typeof settings],
    privateKey: (kind) => pair[kind].privateKey,
    certificateUrl: certificates[name] ?? 'https://nowhere.example/certificate.pem',
  }
  const { body = '{"id":"evt_1","note":"sch\\u00f6n","amount":"amount-17"}', contentType = 'application/json' } =
    bodies[name] ?? {}
  return signers[name]({ id: 'msg_1', url, contentType, body: change.body ?? body }, keys, at)
}

const messageOf = ({ url, headers, body, contentType }: SignedLetter): RawMessage => ({
  ...{ method: 'POST', url, query: Object.fromEntries(new URL(url).searchParams) },
  headers: { 'content-type': contentType, ...headers },
  body: Buffer.from(body),
})

const isRight = async (name: Name, message: RawMessage, secrets = secretsOf(name), at = now) =>
  (await verifyMessage(signatures[name](), message, secrets, at, world)).ok

for (const name of Object.keys(signatures) as Name[]) {
  test(`T29: ${name}: what the platform signs is right, and no forgery is`, async () => {
    assert.equal(await isRight(name, messageOf(signed(name))), true)
    const made = forgeries(name)
    assert.ok(made.length >= 20, `${made.length} forgeries of ${name}`)
    for (const { what, message, secrets, at } of made)
      assert.equal(await isRight(name, message, secrets, at), false, `${name} takes one with ${what}`)
  })
}

test('F72: an exchanged secret counts beside the new one, while it is given', async () => {
  for (const name of Object.keys(signatures) as Name[]) {
    if (signatures[name]().scheme !== 'hmac') continue
    const message = messageOf(signed(name))
    const both = Object.fromEntries(
      Object.entries(secretsOf(name)).map(([key, [value]]) => [
        key,
        [others[key as keyof typeof others] ?? value!, value!],
      ]),
    )
    assert.equal(await isRight(name, message, both), true, name)
  }
})

test('at the edges of a window', async () => {
  for (const name of Object.keys(signatures) as Name[]) {
    const { time } = signatures[name]() as Extract<Verification, { scheme: 'hmac' }>
    if (!time) continue
    const at = Math.floor(now / 1000) * 1000
    const message = messageOf(signed(name, { at }))
    for (const side of [-1, 1]) {
      assert.equal(await isRight(name, message, undefined, at + side * time.toleranceMs), true, name)
      assert.equal(await isRight(name, message, undefined, at + side * (time.toleranceMs + 1)), false, name)
    }
  }
})

test('T33: how much of a guess was right is not to be measured: digests of one length are compared, and each in full', async (t) => {
  const compared = t.mock.method(crypto, 'timingSafeEqual')
  syncBuiltinESMExports()
  t.after(() => {
    compared.mock.restore()
    syncBuiltinESMExports()
  })
  for (const name of Object.keys(signatures) as Name[]) {
    const verify = signatures[name]()
    if (verify.scheme !== 'hmac') continue
    const { signature, ...letter } = signed(name)
    const bytes = Buffer.from(signature, verify.encoding)
    const guesses = [0, bytes.length - 1].map((right) => {
      const guess = Buffer.from(bytes.map((byte, place) => (place <= right && right > 0 ? byte : byte ^ 255)))
      if (right > 0) guess[right]! ^= 255
      return guess.toString(verify.encoding)
    })
    const steps: number[] = []
    for (const given of [...guesses, signature]) {
      compared.mock.resetCalls()
      await isRight(name, withSignature(messageOf({ ...letter, signature }), signature, given))
      steps.push(compared.mock.callCount())
      for (const { arguments: both } of compared.mock.calls)
        assert.deepEqual(
          both.map((one) => one.byteLength),
          [bytes.length, bytes.length],
        )
    }
    // A wrong first byte, a wrong last one, and none.
    assert.ok(steps[0]! > 0 && steps.every((count) => count === steps[0]), `${name}: ${steps}`)
  }
})

interface Forgery {
  readonly what: string
  readonly message: RawMessage
  readonly secrets?: Secrets
  readonly at?: number
}

function forgeries(name: Name): Forgery[] {
  const letter = signed(name)
  const message = messageOf(letter)
  const verify = signatures[name]() as Extract<Verification, { scheme: 'hmac' | 'public-key' }>
  const { signature } = letter
  const with_ = (given: string) => withSignature(message, signature, given)
  const bytes = Buffer.from(signature, verify.encoding)
  const flipped = (place: number, bit: number) => {
    const other = Buffer.from(bytes)
    other[place]! ^= bit
    return other.toString(verify.encoding)
  }
  const respelled =
    verify.encoding === 'hex'
      ? [signature.toUpperCase(), bytes.toString('base64')]
      : [bytes.toString('base64url'), bytes.toString('hex'), looseEnd(signature)]
  const text = Buffer.from(message.body).toString()
  const algorithms = ['sha1', 'sha256', 'sha512', 'md5'].filter(
    (one) => verify.scheme !== 'hmac' || one !== verify.algorithm,
  )
  const secret = verify.scheme === 'hmac' ? String(settings[verify.secret as keyof typeof settings]) : 'public'
  const earlier = signed(name, { body: (bodies[name]?.body ?? '{"amount":"amount-17"}').replace('17', '16') })
  return [
    // Of the content.
    ...[0, 3, 8].flatMap((place) =>
      [1, 32, 128].map((bit) => ({
        what: `bit ${bit} of signed byte ${place} flipped`,
        message: withBody(message, tampered(name, text, place, bit)),
      })),
    ),
    { what: 'another message’s signature', message: with_(earlier.signature) },
    { what: 'no body', message: withBody(message, '') },
    ...(signsEveryByte(name)
      ? [
          { what: 'a byte more', message: withBody(message, `${text} `) },
          { what: 'a byte less', message: withBody(message, text.slice(0, -1)) },
          { what: 'JSON written anew', message: withBody(message, JSON.stringify(JSON.parse(text))) },
        ]
      : []),
    // Of the signature.
    ...[0, bytes.length >> 1, bytes.length - 1].map((place) => ({
      what: `a bit of the signature’s byte ${place} flipped`,
      message: with_(flipped(place, 1)),
    })),
    { what: 'an empty signature', message: with_('') },
    { what: 'a signature cut by a character', message: with_(signature.slice(0, -1)) },
    { what: 'half of the signature', message: with_(signature.slice(0, signature.length >> 1)) },
    { what: 'the first four bytes of the signature', message: with_(bytes.subarray(0, 4).toString(verify.encoding)) },
    { what: 'the signature twice', message: with_(signature + signature) },
    { what: 'zeros for a signature', message: with_(Buffer.alloc(bytes.length).toString(verify.encoding)) },
    { what: 'the word null for a signature', message: with_('null') },
    { what: 'a space before the signature', message: with_(` ${signature}`) },
    { what: 'a line end after the signature', message: with_(`${signature}\n`) },
    ...respelled
      .filter((one) => one !== signature)
      .map((one) => ({ what: `the signature spelled ${one.slice(0, 12)}…`, message: with_(one) })),
    // By other means.
    ...algorithms.map((algorithm) => ({
      what: `${algorithm} for its algorithm`,
      message: with_(createHmac(algorithm, secret).update(text).digest(verify.encoding)),
    })),
    { what: 'a hash without a key', message: with_(createHash('sha256').update(text).digest(verify.encoding)) },
    { what: 'a hash by an empty key', message: with_(createHmac('sha256', '').update(text).digest(verify.encoding)) },
    {
      what: 'a hash by the public key',
      message: with_(createHmac('sha256', settings.publicKey).update(text).digest(verify.encoding)),
    },
    { what: 'another integration’s secret', message: messageOf(signed(name, { values: others, pair: pairs.foreign })) },
    { what: 'no secret set', message, secrets: {} },
    {
      what: 'an empty secret set',
      message: messageOf(signed(name, { values: emptied })),
      secrets: Object.fromEntries(Object.keys(settings).map((key) => [key, ['']])),
    },
    // Of what stands around.
    ...Object.keys(letter.headers)
      .filter((header) => isNeeded(verify, header))
      .flatMap((header) => headerForgeries(message, header, signature, flipped(0, 1))),
    ...timeForgeries(name, verify),
    ...(name === 'awsSns' ? foreignTopics(message) : []),
    ...(signsAddress(name)
      ? [{ what: 'another address', message: { ...message, url: 'https://app.example/hooks/int_2' } }]
      : []),
    ...(verify.prefix ? prefixForgeries(message, verify.prefix) : []),
  ]
}

function headerForgeries(message: RawMessage, header: string, signature: string, wrong: string): Forgery[] {
  const value = message.headers[header]!
  const other = value.includes(signature) ? value.replace(signature, wrong) : `${value}1`
  const { [header]: _, ...rest } = message.headers
  return [
    { what: `no ${header}`, message: { ...message, headers: rest } },
    { what: `an empty ${header}`, message: withHeader(message, header, '') },
    { what: `${header} twice, the right one first`, message: withHeader(message, header, `${value}, ${other}`) },
    { what: `${header} twice, the right one last`, message: withHeader(message, header, `${other}, ${value}`) },
    { what: `another ${header}`, message: withHeader(message, header, other) },
  ]
}

function timeForgeries(name: Name, { time }: Extract<Verification, { scheme: 'hmac' | 'public-key' }>): Forgery[] {
  if (!time) return []
  const message = messageOf(signed(name))
  const old = signed(name, { at: now - time.toleranceMs - 2000 })
  const said = (value: string): RawMessage => {
    if (typeof time.at === 'string' || !('header' in time.at)) {
      const body = JSON.parse(Buffer.from(message.body).toString()) as Record<string, string>
      return withBody(message, JSON.stringify({ ...body, Timestamp: value }))
    }
    const { header, list } = time.at
    const value_ = list ? message.headers[header]!.replace(/t=\d+/, `t=${value}`) : value
    return withHeader(message, header, value_)
  }
  const fresh =
    time.unit === 'iso' ? new Date(now).toISOString() : String(time.unit === 'seconds' ? Math.floor(now / 1000) : now)
  return [
    { what: 'an old signature', message: messageOf(old) },
    { what: 'an old signature, replayed later', message, at: now + time.toleranceMs + 2000 },
    { what: 'a signature of the future', message: messageOf(signed(name, { at: now + time.toleranceMs + 2000 })) },
    // An old message, said to be new.
    { what: 'a time that was not signed', message: restamped(messageOf(old), message, time.at, fresh) },
    ...['', 'NaN', '-1', '1e99', '0x6929', 'Infinity', `${fresh}0`, ` ${fresh}`].map((value) => ({
      what: `“${value}” for a time`,
      message: said(value),
    })),
  ]
}

/** Signed by the platform for somebody else, who sends it to us. */
function foreignTopics(message: RawMessage): Forgery[] {
  const [values] = [{ ...settings, topicArn: others.topicArn }]
  return [{ what: 'the topic of somebody else', message, secrets: secretsOf('awsSns', values) }]
}

/** The old message with the new one's time. */
function restamped(old: RawMessage, fresh: RawMessage, at: unknown, iso: string): RawMessage {
  const place = at as { header?: string; list?: object }
  if (place.header === undefined) {
    const body = JSON.parse(Buffer.from(old.body).toString()) as Record<string, string>
    return withBody(old, JSON.stringify({ ...body, Timestamp: iso }))
  }
  const time = fresh.headers[place.header]!
  return withHeader(
    old,
    place.header,
    place.list ? old.headers[place.header]!.replace(/t=\d+/, /t=\d+/.exec(time)![0]) : time,
  )
}

function prefixForgeries(message: RawMessage, prefix: string): Forgery[] {
  const [name, value] = Object.entries(message.headers).find(([, text]) => text.startsWith(prefix))!
  const bare = value.slice(prefix.length)
  return ['', 'sha1=', 'none=', prefix.toUpperCase(), prefix.slice(0, -1)]
    .filter((other) => other !== prefix)
    .map((other) => ({ what: `“${other}” before the signature`, message: withHeader(message, name, other + bare) }))
}

const emptied = Object.fromEntries(Object.keys(settings).map((key) => [key, ''])) as typeof settings

const signsEveryByte = (name: Name) => !['twilio', 'adyen', 'awsSns', 'braintree'].includes(name)
const signsAddress = (name: Name) => ['twilio', 'square', 'hubSpot'].includes(name)

/** Headers that the sender may leave out are no proof of anything. */
function isNeeded(verify: Extract<Verification, { scheme: 'hmac' | 'public-key' }>, header: string): boolean {
  const text = JSON.stringify([verify.at, verify.over, verify.time?.at, (verify as { key?: object }).key])
  return text.includes(`"${header}"`)
}

/** A bit flipped in a word that is signed; what is packed is unpacked and packed again. */
function tampered(name: Name, text: string, place: number, bit: number): Buffer | string {
  if (name === 'braintree') {
    const form = new URLSearchParams(text)
    const payload = Buffer.from(Buffer.from(form.get('bt_payload')!, 'base64').toString(), 'latin1')
    form.set('bt_payload', `${flipIn(payload, place, bit).toString('base64')}\n`)
    return form.toString()
  }
  return flipIn(Buffer.from(text), place, bit)
}

function flipIn(bytes: Buffer, place: number, bit: number): Buffer {
  const other = Buffer.from(bytes)
  const start = other.indexOf('amount-17')
  assert.ok(start >= 0)
  other[start + place]! ^= bit
  return other
}

function withSignature(message: RawMessage, signature: string, given: string): RawMessage {
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, value.replace(signature, () => given)]),
  )
  const text = Buffer.from(message.body).toString()
  const inJson = text.replace(signature, () => JSON.stringify(given).slice(1, -1))
  const inForm = message.headers['content-type']?.includes('urlencoded')
    ? text.replace(encodeURIComponent(signature), () => encodeURIComponent(given))
    : inJson
  const changed = { ...message, headers, body: Buffer.from(inForm) }
  assert.ok(given === signature || JSON.stringify(changed) !== JSON.stringify(message), 'the signature stands nowhere')
  return changed
}

const withBody = (message: RawMessage, body: Buffer | string): RawMessage => ({
  ...message,
  body: Buffer.from(body as string),
})

const withHeader = (message: RawMessage, name: string, value: string): RawMessage => ({
  ...message,
  headers: { ...message.headers, [name]: value },
})

/** Base64 with other bits behind the last byte: it decodes to the same. */
function looseEnd(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const end = signature.replace(/=+$/, '')
  if (end.length === signature.length) return signature
  return end.slice(0, -1) + alphabet[alphabet.indexOf(end.at(-1)!) ^ 1] + signature.slice(end.length)
}

function pairsOf() {
  return {
    ed25519: generateKeyPairSync('ed25519'),
    ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  }
}

function rawEd25519(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex')
}
