import { type Json, type Provider, parseJson, second } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Environment } from '../../ports/directory.ts'
import { NetworkFailure, readBody, type WireRequest } from '../../ports/network.ts'
import type { Deps } from '../deps.ts'
import { parseRetryAfter } from '../http/retry-after.ts'
import type { Tokens } from './token-answer.ts'
import { readTokenError, type TokenReply } from './token-reply.ts'
import { waitAtMost } from './wait-at-most.ts'

/**
 * One request to a token endpoint. It has a minute, whoever waits for it: giving up earlier on an answer that was on its way is what loses
 * rotated tokens. Nothing is followed and nothing is repeated here.
 */
export async function sendTokenRequest(
  deps: Pick<Deps, 'clock' | 'networks'>,
  environment: Environment,
  provider: Provider,
  request: WireRequest,
  read: (body: Json, now: Instant) => Tokens | null,
): Promise<TokenReply> {
  const answer = await exchange(deps, environment, request)
  if ('kind' in answer) return answer
  const { status, headers, text } = answer
  const ok = status >= 200 && status < 300
  // The provider did it, and we will never know what it said.
  if (text === null && ok) return { kind: 'lost', reason: 'truncated' }
  const body = readBodyText(text ?? '', headers['content-type'] ?? '')
  if (ok && body === 'unreadable') return { kind: 'lost', reason: 'unreadable' }
  if (ok && body !== 'page' && !isError(provider, body)) {
    const tokens = read(body, deps.clock.now())
    return tokens ? { kind: 'tokens', tokens } : { kind: 'lost', reason: 'no access token in the answer' }
  }
  const wait = parseRetryAfter(headers['retry-after'], { date: headers.date, at: deps.clock.now() })
  return readTokenError(provider, {
    // Some answer 200 and put the error into the body.
    status: ok ? 400 : status,
    body: body === 'page' || body === 'unreadable' ? undefined : body,
    waitMs: wait === null ? undefined : Math.min(wait, longestWaitMs),
  })
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Null when it did not arrive whole. */
  readonly text: string | null
}

/** Sends with the same deadline and the same limits for every token endpoint. */
export async function exchange(
  deps: Pick<Deps, 'clock' | 'networks'>,
  environment: Environment,
  request: WireRequest,
): Promise<Answer | Extract<TokenReply, { kind: 'down' | 'lost' | 'setup' }>> {
  const stop = new AbortController()
  const network = deps.networks[environment.mode]
  const answer = async (): Promise<Answer> => {
    const response = await network.send({ ...request, limits }, stop.signal)
    const text = await readBody(response).then(
      (bytes) => Buffer.from(bytes).toString('utf8'),
      () => null,
    )
    return { status: response.status, headers: response.headers, text }
  }
  try {
    const answered = await waitAtMost(deps.clock, tokenRequestMs, answer())
    if (answered !== 'later') return answered
    return { kind: 'lost', reason: 'timeout' }
  } catch (error) {
    if (!(error instanceof NetworkFailure)) throw error
    if (error.kind === 'blocked') return { kind: 'setup', fault: 'platform.egress', reason: error.kind }
    if (!error.sent) return { kind: 'down', fault: 'provider.unreachable', reason: error.kind }
    return { kind: 'lost', reason: error.kind }
  } finally {
    stop.abort()
  }
}

export const tokenRequestMs = 60_000

/** How long one process may hold a grant for it. */
export const leaseMs = 75 * second

const limits = {
  connectMs: 10_000,
  firstByteMs: tokenRequestMs,
  idleMs: tokenRequestMs,
  totalMs: tokenRequestMs,
  maxBytes: 262_144,
}

/** JSON, or the form that older endpoints answer in. A page is what proxies, portals and outages say. */
function readBodyText(text: string, contentType: string): Json | 'page' | 'unreadable' {
  const trimmed = text.trim()
  if (trimmed.startsWith('<') || /html/i.test(contentType)) return 'page'
  try {
    const body = parseJson(trimmed)
    return typeof body === 'string' ? 'unreadable' : body
  } catch {
    if (/^[\w.]+=[^\s<>{}]*$/.test(trimmed)) return Object.fromEntries(new URLSearchParams(trimmed))
    return 'unreadable'
  }
}

function isError(provider: Provider, body: Json): boolean {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return false
  const error = body.error
  if ((typeof error === 'string' && error !== '') || (typeof error === 'object' && error !== null)) return true
  return provider.api.errors.failed?.(body) ?? false
}

/** A token endpoint that asks for more is asked again after an hour: every grant of the app depends on it. */
const longestWaitMs = 3_600_000
