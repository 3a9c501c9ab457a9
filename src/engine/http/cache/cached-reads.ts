import { hash } from 'node:crypto'
import { type FaultCode, isFault } from '@patchbay/kit'
import type { ResponsePlace } from '../../../ports/response-cache.ts'
import type { Deps } from '../../deps.ts'
import type { RawRequest, RawResponse } from '../forward.ts'
import { nameOfRead, type SharedReads } from '../shared-reads.ts'
import type { Credentials, Target } from '../target.ts'
import type { CacheWish } from './cache-control.ts'
import {
  ageMs,
  allowedBy,
  confirmed,
  isFresh,
  type KeptAnswer,
  keptUntil,
  mayBeStale,
  questionOf,
} from './freshness.ts'
import type { KeptAnswers } from './kept-answers.ts'

export interface CachedReads {
  read(target: Target, request: RawRequest, wish: CacheWish, signal: AbortSignal | undefined): Promise<RawResponse>
}

/**
 * Reads for callers who are content with an answer that is not the newest. Kept is what belongs to one connection, under the grant and generation that it was
 * read with: a new consent, a new token and a disconnect make everything from before unreachable, in every process. What came of an answer stands in
 * `Cache-Status` (RFC 9211), and its age in `Age`.
 */
export function openCachedReads(
  { clock, log }: Pick<Deps, 'clock' | 'log'>,
  kept: KeptAnswers,
  reads: SharedReads,
  credentials: Pick<Credentials, 'standing'>,
): CachedReads {
  return {
    async read(target, request, wish, signal) {
      const standing = await credentials.standing(target)
      const place = placeOf(target)
      // Whoever may not call now learns so from the call.
      if (standing === null || place === null) return (await reads.read(target, request, signal)).response
      const name = hash('sha256', JSON.stringify([standing, target.integration.id, nameOfRead(request)]), 'base64url')
      const found = await kept.read(place, name, clock.now()).catch((error) => withoutCache(error))
      const before = found?.answer ?? null
      if (before && isFresh(before, wish, clock.now())) return given(before, { ttl: wish.maxAgeMs })

      const asked = before ? { ...request, headers: { ...request.headers, ...questionOf(before) } } : request
      const forwarded = before ? 'fwd=stale' : 'fwd=miss'
      const read = await reads.read(target, asked, signal, { whole: true }).catch((error: unknown) => {
        if (before && isOutage(error) && mayBeStale(before, wish, clock.now())) return null
        throw error
      })
      if (read === null) return stale(before!, forwarded)
      const { response, whole } = read
      if (before && response.status === 304) {
        await whole
        const answer = confirmed(before, response.headers, clock.now())
        const stored = await keep(answer)
        return given(answer, { status: `${forwarded}; fwd-status=304${stored}` })
      }
      if (before && outages.has(response.status) && mayBeStale(before, wish, clock.now()))
        return stale(before, `${forwarded}; fwd-status=${response.status}`)
      if (!allowedBy({ ...response, at: clock.now() }).keep)
        return marked(response, `${forwarded}; fwd-status=${response.status}`)
      const at = clock.now()
      const toKeep = async (body: Uint8Array | null) =>
        body === null ? '' : keep({ status: response.status, headers: response.headers, body, at })
      if (!(response.body instanceof Uint8Array)) {
        const body = thenAlso(response.body, Promise.resolve(whole).then(toKeep).catch(withoutCache))
        return marked({ ...response, body }, `${forwarded}; fwd-status=${response.status}`)
      }
      const stored = await toKeep(response.body)
      return marked(response, `${forwarded}; fwd-status=${response.status}${stored}${collapsed(read.joined)}`)

      /** Unless a write went through since it was asked for: then it may be from before. When it was asked for whoever asked first knows, and keeps it. */
      async function keep(answer: KeptAnswer): Promise<string> {
        const until = keptUntil(answer, wish)
        const epoch = found?.epoch ?? null
        if (read!.joined || epoch === null || until <= clock.now()) return ''
        try {
          return (await kept.keep(place!, name, answer, { now: clock.now(), until, epoch })) ? '; stored' : ''
        } catch (error) {
          withoutCache(error)
          return ''
        }
      }
    },
  }

  /** Answers come from the platform then, as if nothing had been kept. */
  function withoutCache(error: unknown): null {
    log.warn('response.not_kept', { error })
    return null
  }

  function given(answer: KeptAnswer, { status, ttl }: { status?: string; ttl?: number }): RawResponse {
    const { headers, body } = answer
    const age = ageMs(answer, clock.now())
    const left = Math.min(ttl ?? 0, allowedBy(answer).freshMs ?? Number.POSITIVE_INFINITY) - age
    return marked(
      { status: answer.status, headers: { ...headers, age: String(seconds(age)) }, body },
      status ?? `hit; ttl=${seconds(left)}`,
    )
  }

  /** Marked in every way that there is: whoever reads it must not take it for the newest. */
  function stale(answer: KeptAnswer, status: string): RawResponse {
    const response = given(answer, { status: `${status}; detail=stale-if-error` })
    return { ...response, headers: { ...response.headers, warning: '111 patchbay "Revalidation Failed"' } }
  }
}

/** A longer one reaches the caller piece by piece; once it is there, asking again finds it kept. */
async function* thenAlso(body: AsyncIterable<Uint8Array>, work: Promise<unknown>): AsyncGenerator<Uint8Array> {
  yield* body
  await work
}

const seconds = (ms: number) => Math.floor(ms / 1000)
const collapsed = (joined: boolean) => (joined ? '; collapsed' : '')

/** Says what became of the request here. What caches before us said comes first (RFC 9211, 2). */
export function marked(response: RawResponse, status: string): RawResponse {
  const theirs = response.headers['cache-status']
  const own = `patchbay; ${status}`
  const said = theirs === undefined || /\bpatchbay\b/i.test(theirs) ? own : `${theirs}, ${own}`
  return { ...response, headers: { ...response.headers, 'cache-status': said } }
}

export function placeOf({ environment, connection }: Target): ResponsePlace | null {
  return connection && { environmentId: environment.id, connectionId: connection.id }
}

const outages = new Set([500, 502, 503, 504, 520, 521, 522, 523, 524])
const outageCodes = new Set<FaultCode>([
  'provider.down',
  'provider.unreachable',
  'provider.timeout',
  'provider.throttled',
  'provider.exhausted',
])
const isOutage = (error: unknown) => isFault(error) && outageCodes.has(error.code)
