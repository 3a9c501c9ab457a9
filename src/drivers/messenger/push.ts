import { type Messenger, NotDelivered, type PushSecret } from '../../ports/messenger.ts'
import type { Network } from '../../ports/network.ts'
import { postLetter } from './post-letter.ts'

/**
 * Letters as Web Push: encrypted for one device (RFC 8291) and carried by the push service of its browser, which reads nothing of them and takes them
 * from us alone (VAPID, RFC 8292). `contact` is whom that service writes to when something is wrong: a `mailto:` or `https:` address.
 */
export function openPushMessenger(deps: { network: Network; contact: string }): Messenger {
  return {
    async deliver(letter, address, secret, signal) {
      if (address.kind !== 'push' || secret === null) throw new NotDelivered('This is no device.')
      const { privateKey, subscription } = JSON.parse(secret) as PushSecret
      if (subscription === null)
        throw new NotDelivered('No device has joined it: open the console there and make the channel anew.')
      const brief = { id: letter.id, subject: letter.subject, text: cut(letter.brief, mostBytes), link: letter.link }
      // The library is loaded with the first letter: a server that sends none starts without it.
      const { default: push } = await import('web-push')
      const { headers, body } = push.generateRequestDetails(subscription, JSON.stringify(brief), {
        vapidDetails: { subject: deps.contact, publicKey: address.publicKey, privateKey },
        TTL: keptSeconds,
        urgency: 'normal',
        contentEncoding: 'aes128gcm',
      })
      const { 'Content-Length': _, ...rest } = headers
      const sent = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name.toLowerCase(), String(value)]))
      const status = await postLetter(deps.network, { url: subscription.endpoint, headers: sent, body }, signal)
      if (status >= 200 && status < 300) return null
      throw new NotDelivered(says[status] ?? `The push service answered ${status}.`)
    },
  }
}

/** https://www.rfc-editor.org/rfc/rfc8030#section-7.3, and what the services say. */
const says: Readonly<Record<number, string>> = {
  403: 'The push service does not know our key any more (403): remove the channel and make it anew on the device.',
  404: 'The device does not take notifications any more (404): remove the channel, or make it anew there.',
  410: 'The device does not take notifications any more (410): remove the channel, or make it anew there.',
  413: 'The push service finds the letter too long (413).',
  429: 'The push service wants fewer letters (429).',
}

/** A device that is off hears of it for four days. */
const keptSeconds = 4 * 24 * 3600

/** Services take 4096 bytes, encrypted; the rest of the letter has its place in what is left. */
const mostBytes = 2_500

function cut(text: string, bytes: number): string {
  const whole = Buffer.from(text)
  if (whole.length <= bytes) return text
  // A character that was cut in two shows as a mark of its own, which is taken off.
  return `${whole
    .subarray(0, bytes)
    .toString()
    .replace(/\uFFFD+$/, '')}…`
}
