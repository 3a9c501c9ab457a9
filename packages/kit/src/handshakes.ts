import type { Handshake } from './handshake.ts'
import { snsHost } from './signature-schemes.ts'

/** The questions that known platforms ask an address, each with its source; a provider names those that it is asked. */
export const handshakes = {
  /** developers.facebook.com/docs/graph-api/webhooks/getting-started, "Verification Requests". */
  meta: ({ token = 'verifyToken' } = {}): Handshake => ({
    method: 'GET',
    when: [{ at: { query: 'hub.mode' }, is: 'subscribe' }],
    token: { at: { query: 'hub.verify_token' }, secret: token },
    answer: { text: [{ query: 'hub.challenge' }] },
  }),

  /** w3.org/TR/websub, "Hub Verifies Intent of the Subscriber". Anybody can ask: only a topic that we asked for is confirmed. */
  webSub: (): Handshake => ({
    method: 'GET',
    when: [{ at: { query: 'hub.mode' } }, { at: { query: 'hub.topic' } }],
    topic: { query: 'hub.topic' },
    mode: { query: 'hub.mode' },
    leaseSeconds: { query: 'hub.lease_seconds' },
    answer: { text: [{ query: 'hub.challenge' }] },
  }),

  /** docs.x.com/x-api/webhooks: asked every hour or so, by a key that is not that of OAuth 2.0. */
  x: ({ secret = 'consumerSecret' } = {}): Handshake => ({
    method: 'GET',
    when: [{ at: { query: 'crc_token' } }],
    answer: {
      json: {
        response_token: [
          'sha256=',
          { algorithm: 'sha256', secret, encoding: 'base64', over: [{ query: 'crc_token' }] },
        ],
      },
    },
  }),

  /** learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation: every two hours. */
  linkedIn: ({ secret = 'clientSecret' } = {}): Handshake => ({
    method: 'GET',
    when: [{ at: { query: 'challengeCode' } }],
    answer: {
      json: {
        challengeCode: [{ query: 'challengeCode' }],
        challengeResponse: [{ algorithm: 'sha256', secret, encoding: 'hex', over: [{ query: 'challengeCode' }] }],
      },
    },
  }),

  /** api.slack.com/events/url_verification. */
  slack: (): Handshake => ({
    method: 'POST',
    when: [{ at: { json: ['type'] }, is: 'url_verification' }],
    signed: true,
    answer: { text: [{ json: ['challenge'] }] },
  }),

  /** discord.com/developers/docs/events/webhook-events: its PING is 0; what is 1 is an event. */
  discordEvents: (): Handshake => ({
    method: 'POST',
    when: [{ at: { json: ['type'] }, is: '0' }],
    signed: true,
    answer: { empty: 204 },
  }),

  /** discord.com/developers/docs/interactions/receiving-and-responding: here PING is 1. */
  discordInteractions: (): Handshake => ({
    method: 'POST',
    when: [{ at: { json: ['type'] }, is: '1' }],
    signed: true,
    answer: { json: { type: 1 } },
  }),

  /** docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html: confirmed by asking for an address. */
  awsSns: (): Handshake => ({
    method: 'POST',
    when: [{ at: { json: ['Type'] }, is: 'SubscriptionConfirmation' }],
    signed: true,
    answer: { visit: { json: ['SubscribeURL'] }, hosts: snsHost, paths: /^\/$/ },
  }),

  /** developer.paypal.com/braintree/docs/guides/webhooks/create, "Verify". */
  braintree: ({ secret = 'privateKey', key = 'publicKey' } = {}): Handshake => ({
    method: 'GET',
    when: [{ at: { query: 'bt_challenge' } }],
    answer: {
      text: [
        ...[{ setting: key }, '|'],
        {
          ...{ algorithm: 'sha1', secret, key: { as: 'sha1' }, encoding: 'hex' },
          over: [{ query: 'bt_challenge' }],
        },
      ],
    },
  }),
}
