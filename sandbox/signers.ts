import { createHash, createHmac, type KeyObject, sign as signWith } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** What a pretend platform is about to send. */
export interface Letter {
  readonly id: string
  /** The callback address as it was registered. */
  readonly url: string
  readonly contentType: string
  readonly body: string
}

export interface SigningKeys {
  /** By the name that it has among an app's settings, or `clientSecret`. */
  secret(name: string): string
  privateKey(kind: 'ed25519' | 'ec' | 'rsa'): KeyObject
  /** Where the certificate of the RSA key is said to be. */
  readonly certificateUrl: string
}

/** As it goes out. `signature` is the bare one, for who wants to know where it stands. */
export interface SignedLetter extends Letter {
  readonly headers: Readonly<Record<string, string>>
  readonly signature: string
}

export type Signer = (letter: Letter, keys: SigningKeys, now: number) => SignedLetter

/**
 * How platforms sign, in code of its own that shares nothing with the verification: each is a witness against the other. An emulator names its
 * signer. Written from the documents that the kit's schemes cite.
 */
export const signers = {
  meta: inHeader(
    'x-hub-signature-256',
    (letter, keys) => mac('sha256', keys.secret('clientSecret'), letter.body, 'hex'),
    'sha256=',
  ),

  /** What was subscribed to without a secret comes unsigned. */
  webSub(letter, keys) {
    const secret = keys.secret('hubSecret')
    const signature = secret === '' ? '' : mac('sha1', secret, letter.body, 'hex')
    const headers: Record<string, string> = secret === '' ? {} : { 'x-hub-signature': `sha1=${signature}` }
    return { ...letter, signature, headers }
  },

  x: inHeader(
    'x-twitter-webhooks-signature',
    (letter, keys) => mac('sha256', keys.secret('consumerSecret'), letter.body, 'base64'),
    'sha256=',
  ),

  tikTok(letter, keys, now) {
    const signature = mac('sha256', keys.secret('clientSecret'), `${seconds(now)}.${letter.body}`, 'hex')
    return { ...letter, signature, headers: { 'tiktok-signature': `t=${seconds(now)},s=${signature}` } }
  },

  linkedIn: inHeader('x-li-signature', (letter, keys) =>
    mac('sha256', keys.secret('clientSecret'), `hmacsha256=${letter.body}`, 'hex'),
  ),

  discord(letter, keys, now) {
    const signature = signWith(null, Buffer.from(seconds(now) + letter.body), keys.privateKey('ed25519')).toString(
      'hex',
    )
    return {
      ...{ ...letter, signature },
      headers: { 'x-signature-timestamp': seconds(now), 'x-signature-ed25519': signature },
    }
  },

  airtable: inHeader(
    'x-airtable-content-mac',
    (letter, keys) => mac('sha256', Buffer.from(keys.secret('macSecret'), 'base64'), letter.body, 'hex'),
    'hmac-sha256=',
  ),

  stripe(letter, keys, now) {
    const signature = mac('sha256', keys.secret('signingSecret'), `${seconds(now)}.${letter.body}`, 'hex')
    return { ...letter, signature, headers: { 'stripe-signature': `t=${seconds(now)},v1=${signature}` } }
  },

  twilio(letter, keys) {
    const fields = [...new URLSearchParams(letter.body)].sort(([a], [b]) => (a < b ? -1 : 1))
    const signature = mac('sha1', keys.secret('authToken'), letter.url + fields.flat().join(''), 'base64')
    return { ...letter, signature, headers: { 'x-twilio-signature': signature } }
  },

  standardWebhooks: standard('webhook'),
  svix: standard('svix'),

  sendGrid(letter, keys, now) {
    const signature = signWith('sha256', Buffer.from(seconds(now) + letter.body), keys.privateKey('ec')).toString(
      'base64',
    )
    const name = 'x-twilio-email-event-webhook'
    return { ...letter, signature, headers: { [`${name}-signature`]: signature, [`${name}-timestamp`]: seconds(now) } }
  },

  square: inHeader('x-square-hmacsha256-signature', (letter, keys) =>
    mac('sha256', keys.secret('signatureKey'), letter.url + letter.body, 'base64'),
  ),

  hubSpot(letter, keys, now) {
    const signature = mac('sha256', keys.secret('clientSecret'), `POST${letter.url}${letter.body}${now}`, 'base64')
    return {
      ...{ ...letter, signature },
      headers: { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': String(now) },
    }
  },

  payPal(letter, keys, now) {
    const at = new Date(now).toISOString()
    const signed = [letter.id, at, keys.secret('webhookId'), crc32(letter.body)].join('|')
    const signature = signWith('sha256', Buffer.from(signed), keys.privateKey('rsa')).toString('base64')
    const headers = {
      ...{ 'paypal-transmission-id': letter.id, 'paypal-transmission-time': at, 'paypal-transmission-sig': signature },
      ...{ 'paypal-cert-url': keys.certificateUrl, 'paypal-auth-algo': 'SHA256withRSA' },
    }
    return { ...letter, signature, headers }
  },

  /** The body is one item as it is; its signature goes into it. */
  adyen(letter, keys) {
    const item = JSON.parse(letter.body) as Record<string, unknown> & { amount?: { value?: number; currency?: string } }
    const { pspReference, originalReference, merchantAccountCode, merchantReference, amount, eventCode, success } = item
    const signed = [
      ...[pspReference, originalReference, merchantAccountCode, merchantReference],
      ...[amount?.value, amount?.currency, eventCode, success],
    ].map((value) => (value === undefined || value === null ? '' : String(value)))
    const signature = mac('sha256', Buffer.from(keys.secret('hmacKey'), 'hex'), signed.join(':'), 'base64')
    const whole = { ...item, additionalData: { hmacSignature: signature } }
    const body = JSON.stringify({ live: 'false', notificationItems: [{ NotificationRequestItem: whole }] })
    return { ...letter, body, signature, headers: {} }
  },

  slack(letter, keys, now) {
    const signature = mac('sha256', keys.secret('signingSecret'), `v0:${seconds(now)}:${letter.body}`, 'hex')
    return {
      ...{ ...letter, signature },
      headers: { 'x-slack-request-timestamp': seconds(now), 'x-slack-signature': `v0=${signature}` },
    }
  },

  awsSns(letter, keys, now) {
    const message: Record<string, string> = {
      ...{ Type: 'Notification', MessageId: letter.id, TopicArn: 'arn:aws:sns:eu-west-1:123456789012:plays' },
      ...{ Message: letter.body, Timestamp: new Date(now).toISOString() },
    }
    const signed = Object.keys(message)
      .sort()
      .map((name) => `${name}\n${message[name]}\n`)
    const signature = signWith('sha1', Buffer.from(signed.join('')), keys.privateKey('rsa')).toString('base64')
    const whole = { ...message, SignatureVersion: '1', Signature: signature, SigningCertURL: keys.certificateUrl }
    return {
      ...{ ...letter, body: JSON.stringify(whole), contentType: 'text/plain; charset=UTF-8', signature },
      headers: { 'x-amz-sns-message-type': 'Notification' },
    }
  },

  braintree(letter, keys) {
    const payload = `${Buffer.from(letter.body).toString('base64')}\n`
    const key = createHash('sha1').update(keys.secret('privateKey')).digest()
    const signature = mac('sha1', key, payload, 'hex')
    const form = new URLSearchParams({ bt_signature: `${keys.secret('publicKey')}|${signature}`, bt_payload: payload })
    return { ...letter, body: form.toString(), contentType: urlEncoded, signature, headers: {} }
  },

  vercel: inHeader('x-vercel-signature', (letter, keys) =>
    mac('sha1', keys.secret('webhookSecret'), letter.body, 'hex'),
  ),

  heroku: inHeader('heroku-webhook-hmac-sha256', (letter, keys) =>
    mac('sha256', keys.secret('webhookSecret'), letter.body, 'base64'),
  ),

  segment: inHeader('x-signature', (letter, keys) => mac('sha1', keys.secret('sharedSecret'), letter.body, 'hex')),
} satisfies Record<string, Signer>

const urlEncoded = 'application/x-www-form-urlencoded'

function inHeader(name: string, sign: (letter: Letter, keys: SigningKeys) => string, prefix = ''): Signer {
  return (letter, keys) => {
    const signature = sign(letter, keys)
    return { ...letter, signature, headers: { [name]: prefix + signature } }
  }
}

function standard(name: string): Signer {
  return (letter, keys, now) => {
    const key = Buffer.from(keys.secret('signingSecret').replace(/^whsec_/, ''), 'base64')
    const signature = mac('sha256', key, `${letter.id}.${seconds(now)}.${letter.body}`, 'base64')
    const headers = {
      ...{ [`${name}-id`]: letter.id, [`${name}-timestamp`]: seconds(now) },
      [`${name}-signature`]: `v1,${signature}`,
    }
    return { ...letter, signature, headers }
  }
}

function mac(algorithm: string, key: string | Buffer, text: string, encoding: 'hex' | 'base64'): string {
  return createHmac(algorithm, key).update(text).digest(encoding)
}

const seconds = (now: number) => String(Math.floor(now / 1000))
