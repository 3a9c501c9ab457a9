import { at, type Json, parseJson } from './json.ts'
import { header, inList, type Part, type RawMessage, rawBody, wholeUrl } from './message-part.ts'
import { type Claim, type Hmac, hmac, type PublicKey, publicKey } from './signature.ts'
import { hour, minute } from './time.ts'

/**
 * How known platforms sign, each in the words of `signature.ts`; a provider names one: `verify: signatures.slack()`. What may be set is which
 * of the integration's secrets is the key. Windows are the platform's own where it has one; where a retry may go out with its first signature,
 * the window is as long as it tries, and what comes twice within it is told apart by its id.
 */
export const signatures = {
  /** developers.facebook.com/docs/graph-api/webhooks/getting-started: Facebook, Instagram, WhatsApp, Threads. Signs no time. */
  meta: ({ secret = 'clientSecret' } = {}): Hmac =>
    hmac({ algorithm: 'sha256', secret, at: header('x-hub-signature-256'), prefix: 'sha256=', encoding: 'hex' }),

  /** w3.org/TR/websub, "Authenticated Content Distribution". Google’s hub signs with SHA-1; the header may not choose. */
  webSub: ({ secret = 'clientSecret', label = 'websub' } = {}): Hmac =>
    hmac({
      ...{ algorithm: 'sha1', secret, key: { as: 'derived', label } },
      ...{ at: header('x-hub-signature'), prefix: 'sha1=', encoding: 'hex' },
    }),

  /** docs.x.com/x-api/webhooks: the key is the consumer secret, which is not that of OAuth 2.0. Base64, not hex. */
  x: ({ secret = 'consumerSecret' } = {}): Hmac =>
    hmac({
      algorithm: 'sha256',
      secret,
      at: header('x-twitter-webhooks-signature'),
      prefix: 'sha256=',
      encoding: 'base64',
    }),

  /** developers.tiktok.com/doc/webhooks-verification. Nothing says whether a retry, for up to 72 hours, is signed anew. */
  tikTok: ({ secret = 'clientSecret' } = {}): Hmac =>
    hmac({
      ...{ algorithm: 'sha256', secret, at: inList('tiktok-signature', 's='), encoding: 'hex' },
      over: [inList('tiktok-signature', 't='), '.', rawBody],
      time: { at: inList('tiktok-signature', 't='), unit: 'seconds', toleranceMs: 73 * hour },
    }),

  /** learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation: the prefix is in what is signed and seldom in the header. */
  linkedIn: ({ secret = 'clientSecret' } = {}): Hmac =>
    hmac({
      ...{ algorithm: 'sha256', secret, at: header('x-li-signature'), mayBegin: 'hmacsha256=', encoding: 'hex' },
      over: ['hmacsha256=', rawBody],
    }),

  /** discord.com/developers/docs/events/webhook-events. It tries for ten minutes and names no window: this one is a guess. */
  discord: ({ key = 'publicKey' } = {}): PublicKey =>
    publicKey({
      ...{ algorithm: 'ed25519', key: { setting: key, as: 'raw-hex' } },
      ...{ at: header('x-signature-ed25519'), encoding: 'hex' },
      over: [header('x-signature-timestamp'), rawBody],
      time: { at: header('x-signature-timestamp'), unit: 'seconds', toleranceMs: 15 * minute },
    }),

  /** airtable.com/developers/web/api/webhooks-overview: the secret of base64 is decoded, the hash is hex. */
  airtable: ({ secret = 'macSecret' } = {}): Hmac =>
    hmac({
      ...{ algorithm: 'sha256', secret, key: { as: 'base64' } },
      ...{ at: header('x-airtable-content-mac'), prefix: 'hmac-sha256=', encoding: 'hex' },
    }),

  /** docs.stripe.com/webhooks/signature: the whole `whsec_…` is the key. Several `v1` while a secret is rolled; `v0` is of test mode and no proof. */
  stripe: ({ secret = 'signingSecret' } = {}): Hmac =>
    hmac({
      ...{ algorithm: 'sha256', secret, at: inList('stripe-signature', 'v1='), encoding: 'hex' },
      over: [inList('stripe-signature', 't='), '.', rawBody],
      time: { at: inList('stripe-signature', 't='), unit: 'seconds', toleranceMs: 5 * minute },
    }),

  /** twilio.com/docs/usage/webhooks/webhooks-security: the address, then the sorted fields of a form, or the hash of a body in the address. */
  twilio: ({ secret = 'authToken' } = {}): Hmac =>
    hmac({ algorithm: 'sha1', secret, encoding: 'base64', claims: claimOfTwilio }),

  /** github.com/standard-webhooks/standard-webhooks, version 1: every try is signed anew. */
  standardWebhooks: ({ secret = 'signingSecret' } = {}): Hmac => standard('webhook', secret),

  /** docs.svix.com/receiving/verifying-payloads/how-manual: the same under older names. */
  svix: ({ secret = 'signingSecret' } = {}): Hmac => standard('svix', secret),

  /** twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features: it tries for a day. */
  sendGrid: ({ key = 'verificationKey' } = {}): PublicKey =>
    publicKey({
      ...{ algorithm: 'ecdsa-sha256', key: { setting: key, as: 'spki-base64' } },
      ...{ at: header('x-twilio-email-event-webhook-signature'), encoding: 'base64' },
      over: [header('x-twilio-email-event-webhook-timestamp'), rawBody],
      time: { at: header('x-twilio-email-event-webhook-timestamp'), unit: 'seconds', toleranceMs: 25 * hour },
    }),

  /** developer.squareup.com/docs/webhooks/step3validate: the address as it was registered, then the body. Signs no time. */
  square: ({ secret = 'signatureKey' } = {}): Hmac =>
    hmac({
      ...{ algorithm: 'sha256', secret, at: header('x-square-hmacsha256-signature'), encoding: 'base64' },
      over: [wholeUrl, rawBody],
    }),

  /**
   * developers.hubspot.com/docs/api/webhooks/validating-requests, version 3. Versions 1 and 2 are plain hashes over secret and body, which
   * whoever has one of can lengthen: they are not accepted.
   */
  hubSpot: ({ secret = 'clientSecret' } = {}): Hmac =>
    hmac({
      ...{ algorithm: 'sha256', secret, encoding: 'base64', claims: claimOfHubSpot },
      time: { at: header('x-hubspot-request-timestamp'), unit: 'milliseconds', toleranceMs: 5 * minute },
    }),

  /** developer.paypal.com/api/rest/webhooks/rest: by a certificate, over a checksum of the body and the webhook's own id. It tries for three days. */
  payPal: ({ webhookId = 'webhookId' } = {}): PublicKey =>
    publicKey({
      algorithm: 'rsa-sha256',
      key: {
        certificate: header('paypal-cert-url'),
        hosts: /^api\.(sandbox\.)?paypal\.com$/,
        paths: /^\/v1\/notifications\/certs\/[A-Za-z0-9._-]{1,100}$/,
      },
      ...{ at: header('paypal-transmission-sig'), encoding: 'base64' },
      over: [
        ...[header('paypal-transmission-id'), '|', header('paypal-transmission-time'), '|'],
        ...[{ setting: webhookId }, '|', { whole: 'crc32' } as const],
      ],
      time: { at: header('paypal-transmission-time'), unit: 'iso', toleranceMs: 73 * hour },
    }),

  /** docs.adyen.com/development-resources/webhooks/verify-hmac-signatures: every item has its own, over eight of its fields and no others. */
  adyen: ({ secret = 'hmacKey' } = {}): Hmac =>
    hmac({ algorithm: 'sha256', secret, key: { as: 'hex' }, encoding: 'base64', claims: claimsOfAdyen }),

  /** api.slack.com/authentication/verifying-requests-from-slack. */
  slack: ({ secret = 'signingSecret' } = {}): Hmac =>
    hmac({
      ...{ algorithm: 'sha256', secret, at: header('x-slack-signature'), prefix: 'v0=', encoding: 'hex' },
      over: ['v0:', header('x-slack-request-timestamp'), ':', rawBody],
      time: { at: header('x-slack-request-timestamp'), unit: 'seconds', toleranceMs: 5 * minute },
    }),

  /**
   * docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. The version is an attribute of the topic; a message of the other
   * one is refused, and so is one of another topic: whoever has an account there gets what they like signed. It tries for an hour with the first
   * signature.
   */
  awsSns: ({ topic = 'topicArn', version = '1' as '1' | '2' } = {}): PublicKey =>
    publicKey({
      algorithm: version === '1' ? 'rsa-sha1' : 'rsa-sha256',
      key: { certificate: { json: ['SigningCertURL'] }, hosts: snsHost, paths: /^\/[A-Za-z0-9._-]{1,100}\.pem$/ },
      ...{ encoding: 'base64', claims: (message, setting) => claimOfSns(message, version, setting(topic)) },
      time: { at: { json: ['Timestamp'] }, unit: 'iso', toleranceMs: 2 * hour },
    }),

  /** developer.paypal.com/braintree/docs/guides/webhooks/parse: the key is the digest of the private key. Signs no time but the one in the payload. */
  braintree: ({ secret = 'privateKey', key = 'publicKey' } = {}): Hmac =>
    hmac({
      ...{ algorithm: 'sha1', secret, key: { as: 'sha1' }, encoding: 'hex' },
      claims: (message, setting) => claimOfBraintree(message, setting(key)),
    }),

  /** vercel.com/docs/webhooks/webhooks-api, "Securing webhooks". Signs no time. */
  vercel: ({ secret = 'webhookSecret' } = {}): Hmac =>
    hmac({ algorithm: 'sha1', secret, at: header('x-vercel-signature'), encoding: 'hex' }),

  /** devcenter.heroku.com/articles/app-webhooks, "Securing webhook requests". Signs no time. */
  heroku: ({ secret = 'webhookSecret' } = {}): Hmac =>
    hmac({ algorithm: 'sha256', secret, at: header('heroku-webhook-hmac-sha256'), encoding: 'base64' }),

  /** segment.com/docs/connections/destinations/catalog/webhooks, "Authentication". Signs no time. */
  segment: ({ secret = 'sharedSecret' } = {}): Hmac =>
    hmac({ algorithm: 'sha1', secret, at: header('x-signature'), encoding: 'hex' }),
}

export const snsHost = /^sns\.[a-zA-Z0-9-]{3,}\.amazonaws\.com(\.cn)?$/

function standard(name: string, secret: string): Hmac {
  const timestamp = header(`${name}-timestamp`)
  return hmac({
    ...{ algorithm: 'sha256', secret, key: { as: 'base64', prefix: 'whsec_' } },
    ...{ at: inList(`${name}-signature`, 'v1,', ' '), encoding: 'base64' },
    over: [header(`${name}-id`), '.', timestamp, '.', rawBody],
    time: { at: timestamp, unit: 'seconds', toleranceMs: 5 * minute },
  })
}

/** Far more than a message of Twilio's has. Each is looked for among all of them, in what anybody may have sent. */
const mostFormFields = 500

/** A body that is neither a form nor hashed in the address would be signed by nothing. */
function claimOfTwilio({ method, url, headers, query, body }: RawMessage): Claim[] | null {
  const signature = headers['x-twilio-signature']
  if (signature === undefined) return null
  const addresses = withAndWithoutPort(url.split('#')[0]!)
  const bodySha256 = query.bodySHA256
  if (bodySha256 !== undefined)
    return [{ signatures: [signature], over: addresses.map((address) => [address]), bodySha256 }]
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
  if (!isForm && (method !== 'GET' || body.length > 0)) return null
  const form = new URLSearchParams(isForm ? new TextDecoder().decode(body) : '')
  if (form.size > mostFormFields) return null
  const fields = [...new Set(form.keys())].sort()
  const signed = fields.flatMap((name) => [...new Set(form.getAll(name))].sort().map((value) => name + value))
  return [{ signatures: [signature], over: addresses.map((address) => [address, ...signed]) }]
}

/** Signed is the address with its default port or without, whatever was registered. */
function withAndWithoutPort(url: string): string[] {
  const parts = /^(https?):\/\/([^/?#:]+)(:\d+)?(.*)$/.exec(url)
  if (!parts) return [url]
  const [, scheme, host, port, rest] = parts
  const usual = scheme === 'https' ? ':443' : ':80'
  if (port !== undefined && port !== usual) return [url]
  return [`${scheme}://${host}${rest}`, `${scheme}://${host}${usual}${rest}`]
}

/** Some characters of the address are signed in their plain form. */
function claimOfHubSpot({ method, url, headers }: RawMessage): Claim[] | null {
  const signature = headers['x-hubspot-signature-v3']
  if (signature === undefined) return null
  const plain = url.replace(/%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (encoded) => decodeURIComponent(encoded))
  return [{ signatures: [signature], over: [[method, plain, rawBody, header('x-hubspot-request-timestamp')]] }]
}

const adyenFields: readonly (readonly string[])[] = [
  ...[['pspReference'], ['originalReference'], ['merchantAccountCode'], ['merchantReference']],
  ...[['amount', 'value'], ['amount', 'currency'], ['eventCode'], ['success']],
]

function claimsOfAdyen(message: RawMessage): Claim[] | null {
  const items = at(json(message), 'notificationItems')
  if (!Array.isArray(items)) return null
  return items.map((wrapped) => {
    const item = at(wrapped, 'NotificationRequestItem')
    const signature = at(item, 'additionalData', 'hmacSignature')
    const signed = adyenFields.map((path) => String(at(item, ...path) ?? '')).join(':')
    return { signatures: typeof signature === 'string' ? [signature] : [], over: [[signed]] }
  })
}

function claimOfSns(message: RawMessage, version: '1' | '2', topics: readonly string[]): Claim[] | null {
  const body = json(message)
  const kind = at(body, 'Type')
  const fields =
    kind === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : kind === 'SubscriptionConfirmation' || kind === 'UnsubscribeConfirmation'
        ? ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
        : null
  const signature = at(body, 'Signature')
  if (fields === null || typeof signature !== 'string' || at(body, 'SignatureVersion') !== version) return null
  if (!topics.includes(String(at(body, 'TopicArn')))) return null
  const signed: Part[] = []
  for (const field of fields) {
    const value = at(body, field)
    if (field === 'Subject' && (value === undefined || value === null)) continue
    if (typeof value !== 'string') return null
    signed.push(`${field}\n${value}\n`)
  }
  return [{ signatures: [signature], over: [signed] }]
}

/** `publicKey|signature`, joined by `&` when several keys sign: the one of our own key counts. Clients met the payload with and without its last line end. */
function claimOfBraintree({ body }: RawMessage, keys: readonly string[]): Claim[] | null {
  const form = new URLSearchParams(new TextDecoder().decode(body))
  const [pairs, payload] = [form.getAll('bt_signature'), form.getAll('bt_payload')]
  if (pairs.length !== 1 || payload.length !== 1) return null
  const signatures = pairs[0]!.split('&').flatMap((pair) => {
    const [key, signature, ...more] = pair.split('|')
    return signature !== undefined && more.length === 0 && keys.includes(key!) ? [signature] : []
  })
  return [{ signatures, over: [[payload[0]!], [`${payload[0]!}\n`]] }]
}

function json({ body }: RawMessage): Json {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return null
  }
}
