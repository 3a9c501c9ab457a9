import type { EmulatorReply, Json } from '@patchbay/kit'
import type { WireResponse } from '../src/ports/network.ts'

/** An answer on its way out: text, so that weather can cut it, bend it or slow it down. */
export interface Outgoing {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** What an emulator said, as an answer: JSON, unless it is text with a content type of its own. */
export function fromReply({ status, headers = {}, body }: EmulatorReply): Outgoing {
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const type = lower['content-type']
  if (typeof body === 'string' && type !== undefined && !type.includes('json'))
    return { status, headers: lower, text: body }
  if (body === null && (status === 204 || status === 304)) return { status, headers: lower, text: '' }
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...lower },
    text: JSON.stringify(body),
  }
}

/** A handler returns what it answers, or a whole reply with status. */
export function fromHandler(result: Json | EmulatorReply): Outgoing {
  return fromReply(isReply(result) ? result : { status: 200, body: result as Json })
}

export const page = (status: number, html: string): Outgoing => ({
  status,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    // No form-action here: it would also forbid the redirect back to the app.
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  },
  text: html,
})

export const redirect = (location: string): Outgoing => ({
  status: 302,
  headers: { location, 'cache-control': 'no-store' },
  text: '',
})

/** As it goes out: with a date by the sandbox's clock. */
export function toWire(
  { status, headers, text }: Outgoing,
  now: number,
  body?: AsyncIterable<Uint8Array>,
): WireResponse {
  const bytes = Buffer.from(text)
  return {
    status,
    headers: { date: new Date(now).toUTCString(), ...headers, 'content-length': String(bytes.length) },
    body: body ?? whole(bytes),
  }
}

async function* whole(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  if (bytes.length > 0) yield bytes
}

function isReply(result: Json | EmulatorReply): result is EmulatorReply {
  if (result === null || typeof result !== 'object' || Array.isArray(result)) return false
  const keys = Object.keys(result)
  return (
    typeof result.status === 'number' &&
    'body' in result &&
    keys.every((key) => key === 'status' || key === 'headers' || key === 'body')
  )
}
