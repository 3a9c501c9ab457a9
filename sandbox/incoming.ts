import { type Json, parseJson } from '@patchbay/kit'
import type { WireRequest } from '../src/ports/network.ts'

/** A request as the pretend provider reads it. */
export interface Incoming {
  readonly method: string
  readonly url: URL
  /** `api.example.com/v1/me`: what routes are compared with. */
  readonly place: string
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly body: Json
  readonly form: URLSearchParams
  readonly limits: NonNullable<WireRequest['limits']>
}

export async function readIncoming(request: WireRequest): Promise<Incoming> {
  const url = new URL(request.url)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value
  const text = await readText(request.body)
  const type = headers['content-type'] ?? ''
  return {
    method: request.method.toUpperCase(),
    url,
    place: url.host + url.pathname,
    headers,
    text,
    body: type.includes('json') ? readJson(text) : null,
    form: new URLSearchParams(type.includes('x-www-form-urlencoded') ? text : ''),
    limits: request.limits ?? {},
  }
}

/** No real client of ours sends more than this. */
const mostBytes = 10_000_000

async function readText(body: WireRequest['body']): Promise<string> {
  if (body === undefined) return ''
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return Buffer.from(body).toString()
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body) {
    size += piece.length
    if (size > mostBytes) throw new RangeError(`the sandbox takes bodies of up to ${mostBytes} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

function readJson(text: string): Json {
  try {
    return parseJson(text)
  } catch {
    return null
  }
}
