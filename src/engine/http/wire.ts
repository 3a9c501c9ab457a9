import { Fault } from '@patchbay/kit'
import { NetworkFailure, readBody, type WireLimits, type WireRequest, type WireResponse } from '../../ports/network.ts'
import type { Deps } from '../deps.ts'
import type { Answer, Intent, Step } from './intent.ts'

/**
 * One attempt on the wire. The address was built from the provider's own; redirects are followed by hand, at most three and only
 * within the same origin, so that a credential is never seen elsewhere. Throws NetworkFailure.
 */
export function wire({ clock, networks }: Pick<Deps, 'clock' | 'networks'>, options: { userAgent: string }): Step {
  return async (intent) => {
    const { target, tally } = intent
    const network = networks[target.environment.mode]
    let request = requestOf(intent, options.userAgent)
    tally.attempts++
    for (let hops = 0; ; hops++) {
      tally.requestBytes += sizeOf(request.body)
      let response: WireResponse
      let bytes: Uint8Array
      try {
        response = await network.send(request, intent.signal)
        markSent(intent)
        tally.status = response.status
        const next = redirected(intent, request, response)
        if (next) {
          if (hops === mostHops) throw changed(intent, response.status, 'redirected too often')
          await leave(response)
          request = next
          continue
        }
        bytes = await readBody(response)
      } catch (error) {
        if (error instanceof NetworkFailure && error.sent) markSent(intent)
        throw error
      }
      tally.responseBytes += bytes.length
      const answer: Answer = { status: response.status, headers: response.headers, bytes, body: null, at: clock.now() }
      tally.answer = answer
      return answer
    }
  }
}

/** Of one attempt. Tokens and reports have their own. */
export const wireLimits: WireLimits = {
  connectMs: 10_000,
  firstByteMs: 30_000,
  idleMs: 30_000,
  totalMs: 120_000,
  maxBytes: 32 * 1024 * 1024,
}

const mostHops = 3

function markSent({ tally }: Intent): void {
  if (!tally.sentNow) tally.sent++
  tally.sentNow = true
}

function requestOf(intent: Intent, userAgent: string): WireRequest {
  const { target, request, method, authorization } = intent
  const body =
    request.form !== undefined
      ? new URLSearchParams(request.form).toString()
      : request.body === undefined
        ? undefined
        : JSON.stringify(request.body)
  const type = request.form === undefined ? 'application/json' : 'application/x-www-form-urlencoded'
  // Names are compared in lower case and the later one wins: what says who we are comes last.
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': userAgent }
  for (const some of [
    body === undefined ? {} : { 'content-type': type },
    target.provider.api.headers,
    request.headers,
    authorization?.headers,
  ])
    for (const [name, value] of Object.entries(some ?? {})) headers[name.toLowerCase()] = value
  return { method, url: withCredential(intent.url, intent).href, headers, body, limits: wireLimits }
}

/** Where the credential goes into the address, a copy of it that has it. */
export function withCredential(url: URL, { authorization }: Pick<Intent, 'authorization'>): URL {
  const added = Object.entries(authorization?.query ?? {})
  if (added.length === 0) return url
  const full = new URL(url)
  for (const [name, value] of added) full.searchParams.set(name, value)
  return full
}

/** Where to ask instead, or null when the answer is one. */
function redirected(intent: Intent, request: WireRequest, { status, headers }: WireResponse): WireRequest | null {
  if (![301, 302, 303, 307, 308].includes(status)) return null
  const location = headers['location']
  if (!location || !URL.canParse(location, request.url)) throw changed(intent, status, 'redirected to nowhere')
  const url = new URL(location, request.url)
  if (url.origin !== intent.url.origin || url.username !== '' || url.password !== '')
    throw changed(intent, status, 'redirected to another host')
  url.hash = ''
  const href = withCredential(url, intent).href
  if (status === 307 || status === 308 || request.method === 'GET') return { ...request, url: href }
  if (status !== 303) throw changed(intent, status, 'redirected a write')
  const { 'content-type': _, ...rest } = request.headers
  return { ...request, method: 'GET', url: href, headers: rest, body: undefined }
}

/** Where it should have led is not told: such addresses may carry a token. */
const changed = ({ target, idempotent }: Intent, status: number, reason: string) =>
  new Fault(idempotent ? 'provider.changed' : 'provider.unsure', undefined, {
    provider: target.provider.id,
    status,
    reason,
  })

async function leave(response: WireResponse): Promise<void> {
  for await (const _ of response.body) break
}

const sizeOf = (body: WireRequest['body']) => (typeof body === 'string' ? Buffer.byteLength(body) : 0)
