import { type ApiRequest, Fault, isFault, minute } from '@patchbay/kit'
import { NetworkFailure, readBody, type WireLimits, type WireResponse } from '../../ports/network.ts'
import type { Deps } from '../deps.ts'
import { type Answer, type Intent, type Layer, openIntent, type Step } from './intent.ts'
import type { Target } from './target.ts'
import { withCredential } from './wire.ts'

/** A caller's own request to a provider. Bytes are passed on as they come. */
export interface RawRequest {
  readonly method: string
  /** Below the provider's base address, without a query. */
  readonly path: string
  /** As it was sent, without the question mark. */
  readonly query: string
  /** One of the provider's named hosts. */
  readonly host?: string
  /** Those that a call may set, in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: AsyncIterable<Uint8Array>
  /** Of the body in bytes, where it was said. */
  readonly length?: string
}

export interface RawResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Whole where it is short or an error, else as it comes. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
}

/** What the layers know of a request that is passed on, and the request itself. */
interface PassedRequest extends ApiRequest {
  readonly raw: RawRequest
}

/** What the layers see of an answer, and what is passed on of it. */
interface PassedAnswer extends Answer {
  readonly raw: RawResponse
}

/**
 * Opens one passage through the gateway's own layers. A success is passed on as it is; an error is read, so that the layers learn what it is about, and
 * passed on all the same. Repeated is only what was refused for its credential, and only where there was no body: nothing that may have had an effect.
 */
export function openForward(
  deps: Pick<Deps, 'clock' | 'networks'>,
  layers: (last: Step) => Step,
  options: { userAgent: string },
) {
  const send = layers(attempt) as (intent: Intent) => Promise<PassedAnswer>

  return async function forward(
    target: Target,
    raw: RawRequest,
    signal: AbortSignal | undefined,
    unanswered: (intent: Intent, error: unknown) => void,
  ): Promise<{ intent: Intent; fault: string | null; response: RawResponse }> {
    const path = raw.path === '/' ? '' : raw.path
    const method = raw.method as 'GET'
    const request: PassedRequest = { method, path, host: raw.host, idempotent: raw.body === undefined, raw }
    const intent = openIntent(target, request, { now: deps.clock.now(), signal })
    if (raw.query !== '') intent.url.search = raw.query
    try {
      return { intent, fault: null, response: (await send(intent)).raw }
    } catch (error) {
      const answer = intent.tally.answer as PassedAnswer | null
      // The provider answered, and what it said is the caller's to read.
      if (isFault(error) && answer !== null) return { intent, fault: error.code, response: answer.raw }
      unanswered(intent, error)
      throw error
    }
  }

  async function attempt(intent: Intent): Promise<PassedAnswer> {
    const { target, tally } = intent
    const { raw } = intent.request as PassedRequest
    tally.attempts++
    try {
      const response = await deps.networks[target.environment.mode].send(
        {
          method: intent.method,
          url: withCredential(intent.url, intent).href,
          headers: headersOf(raw, intent, options.userAgent),
          body: raw.body === undefined ? undefined : counted(raw.body, tally),
          limits: passageLimits,
        },
        intent.signal,
      )
      tally.sent++
      tally.sentNow = true
      tally.status = response.status
      return await take(intent, response)
    } catch (error) {
      if (error instanceof NetworkFailure && error.sent) tally.sentNow = true
      throw error
    }
  }

  async function take({ method, tally }: Intent, response: WireResponse): Promise<PassedAnswer> {
    const { status } = response
    const headers: Record<string, string> = {}
    for (const name in response.headers) if (!keptBack.has(name)) headers[name] = response.headers[name]!
    // What came compressed has another length than what is passed on.
    if (response.headers['content-encoding'] !== undefined || status === 204) delete headers['content-length']
    const error = status >= 400 ? await readError(response) : null
    const isWhole = isShort(response) || method === 'HEAD' || bodiless.has(status)
    const raw = { status, headers, body: error ?? (isWhole ? await readBody(response) : response.body) }
    const bytes = error ?? nothing
    const answer = { status, headers: response.headers, bytes, body: null, at: deps.clock.now(), raw }
    tally.answer = answer
    return answer
  }
}

/** Errors are judged as always. A success was not read, so there is nothing to judge, and a redirect is the caller's to follow or not. */
export function classifyErrors(classify: Layer): Layer {
  return (next) => async (intent) => {
    const outcome = await next(intent).catch((error: unknown) => ({ error }))
    if ('error' in outcome) return classify(() => Promise.reject(outcome.error))(intent)
    return outcome.status < 400 ? outcome : classify(async () => outcome)(intent)
  }
}

const nothing = new Uint8Array()

/** Of the provider's headers, those that are about this connection and not about the content, and cookies that are not the caller's. */
const keptBack = new Set([
  'alt-svc',
  'connection',
  'content-encoding',
  'keep-alive',
  'proxy-authenticate',
  'set-cookie',
  'strict-transport-security',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

function headersOf(
  { headers, body, length }: RawRequest,
  { target, authorization }: Intent,
  userAgent: string,
): Record<string, string> {
  const all: Record<string, string> = { accept: 'application/json', 'user-agent': userAgent }
  const { provider } = target
  for (const name in provider.api.headers) all[name.toLowerCase()] = provider.api.headers[name]!
  Object.assign(all, headers)
  // Framing, and as such not a caller's to say. It is true here: the server that read the request holds its body to it.
  if (body !== undefined && length !== undefined) all['content-length'] = length
  for (const name in authorization?.headers) all[name.toLowerCase()] = authorization.headers[name]!
  return all
}

async function* counted(body: AsyncIterable<Uint8Array>, tally: Intent['tally']): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    tally.requestBytes += piece.length
    yield piece
  }
}

/**
 * What goes through is never in memory as a whole, so it may be as large as a film. Somebody waits at the other end, who can leave; a platform that drips
 * is left all the same.
 */
const passageLimits: Partial<WireLimits> = { totalMs: 15 * minute, maxBytes: 16 * 1024 ** 3 }

/** No body whatever their headers say. */
const bodiless = new Set([204, 205, 304])

const mostErrorBytes = 256 * 1024

async function readError(response: WireResponse): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body) {
    pieces.push(piece)
    size += piece.length
    if (size > mostErrorBytes)
      throw new Fault('provider.changed', 'The provider’s error is longer than any error should be.', {
        status: response.status,
      })
  }
  return Buffer.concat(pieces)
}

/** What is no longer than this is passed on in one piece, which takes half as long as passing pieces on. */
const shortBytes = 64 * 1024

/** By what the provider says. What it has encoded will be longer than that. */
const isShort = ({ headers }: WireResponse) =>
  headers['content-encoding'] === undefined && Number(headers['content-length'] ?? Infinity) <= shortBytes
