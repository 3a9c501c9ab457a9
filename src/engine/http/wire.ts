import { type ApiRequest, Fault, type Json, parseJson } from '@patchbay/kit'
import { NetworkFailure, readBody, type WireResponse } from '../../ports/network.ts'
import type { Deps } from '../deps.ts'
import { authorizationOf } from './authorize.ts'
import { buildUrl } from './build-url.ts'
import type { OutgoingCall, Send } from './outgoing-call.ts'

const mostRedirects = 3
/** Sent with every call, so that a provider can tell who it is. Some have no gzip for clients that do not say it here (YouTube). */
const userAgent = 'Patchbay/0.1 (gzip)'

/** What a caller or provider code may set. Everything else is ours or the transport's (T22). */
const allowedHeaders = new Set([
  'accept',
  'accept-language',
  'content-type',
  'if-none-match',
  'if-modified-since',
  'prefer',
  'user-agent',
  'range',
])
const allowedPrefix = /^(x-(?!forwarded|real-ip|patchbay|request-id)|idempotency-|notion-|stripe-|linkedin-)/

/** Onto the wire: the provider's own origin only, redirects by hand, the body read whole and parsed. */
export function wire(deps: Pick<Deps, 'clock' | 'networks'>): Send {
  return async (call) => {
    const { target, request } = call
    const network = deps.networks[target.environment.mode]
    const authorization = authorizationOf(call)
    const body = bodyOf(request)
    const headers = headersOf(call, authorization?.headers ?? {}, body?.type)
    let url = buildUrl(target.provider, request)
    const { origin } = url
    for (const [name, value] of Object.entries(authorization?.query ?? {})) url.searchParams.set(name, value)
    for (let redirects = 0; ; redirects++) {
      call.attempts++
      call.status = null
      call.requestBytes += body?.text.length ?? 0
      const response = await network
        .send(
          {
            method: call.method,
            url: url.href,
            headers,
            body: body?.text,
            limits: { totalMs: Math.min(120_000, Math.max(1_000, call.deadlineAt + 120_000 - deps.clock.now())) },
          },
          call.signal,
        )
        .catch((error: unknown) => {
          call.sent = !(error instanceof NetworkFailure) || error.sent
          throw error
        })
      call.sent = true
      call.status = response.status
      call.requestId = response.headers['x-request-id'] ?? response.headers['x-fb-trace-id'] ?? null
      const next = redirectOf(response, url, origin)
      if (next === null)
        return {
          status: response.status,
          headers: response.headers,
          body: await parsed(response, call),
          at: deps.clock.now(),
        }
      if (call.method !== 'GET' || redirects >= mostRedirects)
        throw new Fault('provider.changed', `${target.provider.name} redirects where it is not expected to.`, {
          provider: target.provider.id,
          status: response.status,
          path: call.place,
        })
      for await (const _ of response.body) break
      url = next
    }
  }
}

/** The same origin only: credentials go nowhere else (T19). */
function redirectOf(response: WireResponse, from: URL, origin: string): URL | null {
  if (![301, 302, 303, 307, 308].includes(response.status)) return null
  const next = URL.parse(response.headers.location ?? '', from.href)
  if (!next || next.origin !== origin)
    throw new Fault('provider.changed', 'The provider redirects to another host, where no credential goes.', {
      status: response.status,
    })
  return next
}

function bodyOf(request: ApiRequest): { text: string; type: string } | null {
  if (request.form)
    return { text: new URLSearchParams(request.form).toString(), type: 'application/x-www-form-urlencoded' }
  return request.body === undefined ? null : { text: JSON.stringify(request.body), type: 'application/json' }
}

function headersOf(
  { target, request }: OutgoingCall,
  credentials: Readonly<Record<string, string>>,
  type: string | undefined,
): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': userAgent }
  for (const [given, value] of Object.entries({ ...target.provider.api.headers, ...request.headers })) {
    const name = given.toLowerCase()
    if (!allowedHeaders.has(name) && !allowedPrefix.test(name))
      throw new Fault('input.invalid', `The header "${given}" cannot be set.`, { field: 'headers' })
    if (/[\r\n\0]/.test(value))
      throw new Fault('input.invalid', `The header "${given}" has a line break in it.`, { field: 'headers' })
    headers[name] = value
  }
  if (type !== undefined) headers['content-type'] = type
  return { ...headers, ...credentials }
}

/** An error may say anything; a success must be what an API says. A page of HTML with status 200 is a wall or a sign-in page and no data (F14). */
async function parsed(response: WireResponse, call: OutgoingCall): Promise<Json> {
  const bytes = await readBody(response)
  call.responseBytes += bytes.length
  const text = decoder.decode(bytes)
  const success = response.status >= 200 && response.status < 300
  if (text.trim() === '') return null
  try {
    return parseJson(text)
  } catch (cause) {
    if (!success) return text.slice(0, 2_000)
    const detail = { provider: call.target.provider.id, status: response.status, path: call.place }
    if (/^\s*</.test(text))
      throw new Fault('provider.down', 'A page came instead of data.', { ...detail, reason: 'html' }, cause)
    throw new Fault('provider.changed', 'The answer is not JSON.', { ...detail, reason: 'json' }, cause)
  }
}

/** Takes a byte order mark off, and lets no byte be silently something else. */
const decoder = new TextDecoder('utf-8')
