import { createHmac } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import { type Letter, type Messenger, NotDelivered } from '../../ports/messenger.ts'
import type { Network } from '../../ports/network.ts'
import { postLetter } from './post-letter.ts'

/** Letters as signed requests in the form of Standard Webhooks. */
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
      const status = await postLetter(deps.network, { url: address.url, headers, body }, signal)
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
