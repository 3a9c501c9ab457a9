import { createHmac } from 'node:crypto'
import { type Answered, type Handshake, type Part, type RawMessage, second, type Webhooks } from '@patchbay/kit'
import type { Instant } from '../../../ports/clock.ts'
import { type Network, NetworkFailure } from '../../../ports/network.ts'
import type { Refusal } from '../answer-counts.ts'
import { allowedAddress } from './certificates.ts'
import { hmacKeys } from './hmac-keys.ts'
import { joinParts, type Secrets, textAt, textsAt, Unreadable } from './read-parts.ts'
import { isSame, type VerifyWorld, verifyMessage } from './verify-message.ts'

export interface HandshakeWorld extends VerifyWorld {
  /** For platforms whose question is answered by asking for an address. */
  readonly network: Network
  /** Whether that topic, as the platform calls it, is one that the integration wants (`subscribe`) or wants to end (`unsubscribe`). */
  isAskedFor(topic: string, mode: string): Promise<boolean>
}

/** Everything that goes back, and what it settles where it was about a subscription. `why` is for the operator only. */
export type HandshakeAnswer =
  | {
      readonly kind: 'answer'
      readonly status: 200 | 204
      readonly contentType: string
      readonly body: string
      /** What was asked about this topic, and for how long it holds: null when the platform did not say. */
      readonly confirms: {
        readonly mode: string
        readonly topic: string
        readonly leaseSeconds: number | null
      } | null
    }
  | {
      readonly kind: 'refuse'
      readonly status: 401 | 403 | 404 | 502
      readonly why: string
      readonly because: Refusal
    }

/** The answer when the message is a question, null at once when it is none. Nothing of it is stored. */
export function answerHandshake(
  { verify, handshakes }: Pick<Webhooks, 'verify' | 'handshakes'>,
  message: RawMessage,
  secrets: Secrets,
  now: Instant,
  world: HandshakeWorld,
): Promise<HandshakeAnswer> | null {
  const handshake = handshakes?.find((one) => isAsked(one, message))
  return handshake ? shakeHands(verify, handshake, message, secrets, now, world) : null
}

async function shakeHands(
  verify: Webhooks['verify'],
  handshake: Handshake,
  message: RawMessage,
  secrets: Secrets,
  now: Instant,
  world: HandshakeWorld,
): Promise<HandshakeAnswer> {
  try {
    if (handshake.signed) {
      const verdict = await verifyMessage(verify, message, secrets, now, world)
      if (!verdict.ok) return { kind: 'refuse', status: 401, why: verdict.why, because: verdict.because }
    }
    if (handshake.token && !holdsToken(handshake.token, message, secrets))
      return { kind: 'refuse', status: 403, why: 'it does not hold the right word', because: 'wrong_signature' }
    const topic = handshake.topic === undefined ? null : textAt(handshake.topic, message)
    if (
      topic !== null &&
      !(await world.isAskedFor(topic, handshake.mode === undefined ? '' : textAt(handshake.mode, message)))
    )
      return { kind: 'refuse', status: 404, why: 'nobody asked for what it is about', because: 'not_asked_for' }
    return await answer(handshake, message, secrets, topic, world.network)
  } catch (error) {
    if (error instanceof Unreadable) return { kind: 'refuse', status: 403, why: error.message, because: error.because }
    throw error
  }
}

function isAsked({ method, when }: Handshake, message: RawMessage): boolean {
  if (message.method !== method) return false
  return when.every(({ at, is }) => {
    const [found] = textsUnlessUnreadable(at, message)
    return found !== undefined && (is === undefined || found === is)
  })
}

/** What cannot be read is no question, and is judged as a message. */
function textsUnlessUnreadable(at: Part, message: RawMessage): string[] {
  try {
    return textsAt(at, message)
  } catch (error) {
    if (error instanceof Unreadable) return []
    throw error
  }
}

function holdsToken({ at, secret }: NonNullable<Handshake['token']>, message: RawMessage, secrets: Secrets): boolean {
  const given = textAt(at, message)
  return joinParts([{ setting: secret }], message, secrets)
    .map((word) => isSame(word.toString(), given))
    .includes(true)
}

async function answer(
  { answer: wanted, leaseSeconds, mode }: Handshake,
  message: RawMessage,
  secrets: Secrets,
  topic: string | null,
  network: Network,
): Promise<HandshakeAnswer> {
  const confirms =
    topic === null || mode === undefined
      ? null
      : { mode: textAt(mode, message), topic, leaseSeconds: secondsAt(leaseSeconds, message) }
  const said = (contentType: string, body: string): HandshakeAnswer => {
    return { kind: 'answer', status: 200, contentType, body, confirms }
  }
  if ('empty' in wanted) return { kind: 'answer', status: wanted.empty, contentType: 'text/plain', body: '', confirms }
  if ('text' in wanted) return said('text/plain; charset=utf-8', say(wanted.text, message, secrets))
  if ('json' in wanted) {
    const entries = Object.entries(wanted.json).map(([name, value]) => {
      return [name, typeof value === 'number' ? value : say(value, message, secrets)]
    })
    return said('application/json; charset=utf-8', JSON.stringify(Object.fromEntries(entries)))
  }
  const address = allowedAddress(textAt(wanted.visit, message), wanted)
  if (address === null)
    return {
      kind: 'refuse',
      status: 403,
      why: 'the address to confirm at is not the platform’s',
      because: 'wrong_signature',
    }
  return (await visit(address, network))
    ? said('text/plain; charset=utf-8', '')
    : { kind: 'refuse', status: 502, why: 'the platform did not take the confirmation', because: 'failed' }
}

function secondsAt(part: Part | undefined, message: RawMessage): number | null {
  if (part === undefined) return null
  const [text] = textsAt(part, message)
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null
}

/** What anybody may have us say back to them: nothing that a browser or a log could take for more than a word. */
const harmless = /^[A-Za-z0-9._-]{1,512}$/

/** Of several values of a setting the first, which is the current one. */
function say(parts: readonly Answered[], message: RawMessage, secrets: Secrets): string {
  return parts
    .map((part) => {
      if (typeof part === 'object' && 'algorithm' in part) {
        const [key] = hmacKeys(part, secrets)
        return createHmac(part.algorithm, key!)
          .update(joinParts(part.over, message, secrets)[0]!)
          .digest(part.encoding)
      }
      if (typeof part === 'string') return part
      if ('setting' in part) return joinParts([part], message, secrets)[0]!.toString()
      const text = textAt(part, message)
      if (!harmless.test(text)) throw new Unreadable('what it wants back is more than a word')
      return text
    })
    .join('')
}

/** Platforms that are answered so send the address signed, and it was looked at: nothing else is asked for. */
async function visit(address: string, network: Network): Promise<boolean> {
  try {
    const limits = { totalMs: 5 * second, maxBytes: 64_000 }
    const response = await network.send({ method: 'GET', url: address, headers: {}, limits })
    for await (const _ of response.body);
    return response.status >= 200 && response.status < 300
  } catch (error) {
    if (error instanceof NetworkFailure) return false
    throw error
  }
}
