import { createHmac } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import { type Letter, type Messenger, NotDelivered } from '../../ports/messenger.ts'
import { type Network, NetworkFailure } from '../../ports/network.ts'

/**
 * Letters as signed requests in the form of Standard Webhooks. The network is the one that checks where it goes: private addresses only when the
 * operator allowed them. Redirects are not followed, since they would lead around that.
 */
export function openWebhookMessenger(deps: { network: Network; clock: Clock }): Messenger {
  return {
    async deliver(letter, address, secret, signal) {
      if (address.kind !== 'webhook' || secret === null) throw new NotDelivered('This is no webhook with a secret.')
      const seconds = Math.floor(deps.clock.now() / 1000)
      const body = JSON.stringify({
        type: 'notice',
        timestamp: new Date(seconds * 1000).toISOString(),
        data: dataOf(letter),
      })
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'patchbay',
        'webhook-id': letter.id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': signatureOf(secret, `${letter.id}.${seconds}.${body}`),
      }
      const request = { method: 'POST', url: address.url, headers, body, limits }
      const status = await deps.network
        .send(request, signal)
        .then(async (response) => {
          // Read to its end, so that the connection can serve again; it says nothing to us.
          for await (const _ of response.body);
          return response.status
        })
        .catch((error: unknown) => {
          if (error instanceof NetworkFailure) throw new NotDelivered(saysOf(error))
          throw error
        })
      if (status >= 200 && status < 300) return null
      const followed = status >= 300 && status < 400 ? ', and redirects are not followed' : ''
      throw new NotDelivered(`The receiver answered ${status}${followed}.`)
    },
  }
}

const dataOf = ({ subject, text, data }: Letter) => ({ ...data, subject, text })

/** `v1,` and the base64 of HMAC-SHA256 with the bytes of `whsec_…`. */
function signatureOf(secret: string, content: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`
}

const limits = { connectMs: 10_000, firstByteMs: 15_000, idleMs: 10_000, totalMs: 20_000, maxBytes: 64 * 1024 }

function saysOf({ kind, message }: NetworkFailure): string {
  switch (kind) {
    case 'blocked':
      return `${message}. Receivers have a public address and https; others must be listed in PATCHBAY_EGRESS_ALLOW.`
    case 'timeout':
    case 'aborted':
      return 'The receiver took too long.'
    case 'dns':
      return 'The receiver’s name has no address.'
    case 'tls':
      return 'The receiver’s certificate is not one that can be trusted.'
    default:
      return `There was no whole answer of the receiver (${kind}).`
  }
}
