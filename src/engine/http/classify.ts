import { Fault } from '@patchbay/kit'
import { NetworkFailure } from '../../ports/network.ts'
import { faultOfAnswer, tolerant } from './fault-of-answer.ts'
import { faultOfFailure } from './fault-of-failure.ts'
import type { Answer, Intent, Layer } from './intent.ts'
import { type ReadBody, readJson, type Unreadable } from './read-json.ts'
import { requestIdOf } from './request-id.ts'

/** From here on up: a success with its JSON, or a Fault. An answer that cannot be read is never taken for an empty one. */
export function classify(): Layer {
  return (next) => async (intent) => {
    const answer = await next(intent).catch((error) => {
      throw error instanceof NetworkFailure ? faultOfFailure(error, intent) : error
    })
    if (isUnchanged(answer, intent)) return answer
    const read = readJson(answer.bytes, answer.headers)
    if ('body' in read) intent.tally.answer = { ...answer, body: read.body }
    if (!isSuccess(answer, intent)) throw faultOfAnswer(answer, read, intent)
    if ('unreadable' in read) return readAnyway(answer, read, intent)
    if (tolerant(() => intent.target.provider.api.errors.failed?.(read.body))) throw faultOfAnswer(answer, read, intent)
    return { ...answer, body: read.body }
  }
}

/** A part is a success only for those who asked for a part. */
const isSuccess = ({ status }: Answer, intent: Intent) =>
  status >= 200 && status < 300 && (status !== 206 || hasHeader(intent, 'range'))

/** 304 means something only to those who said what they have. */
const isUnchanged = ({ status }: Answer, intent: Intent) =>
  status === 304 && (hasHeader(intent, 'if-none-match') || hasHeader(intent, 'if-modified-since'))

const hasHeader = ({ request }: Intent, wanted: string) =>
  Object.keys(request.headers ?? {}).some((name) => name.toLowerCase() === wanted)

/** No body is an answer where the status says that there is none, and to a write; a sentence is one to a write. */
function readAnyway(answer: Answer, read: Extract<ReadBody, { unreadable: Unreadable }>, intent: Intent): Answer {
  const { unreadable, text } = read
  if (unreadable === 'empty' && (answer.status === 204 || answer.status === 205 || intent.method !== 'GET'))
    return { ...answer, body: null }
  if (unreadable !== 'html' && intent.method !== 'GET' && answer.headers['content-type']?.startsWith('text/plain'))
    return { ...answer, body: text.slice(0, longestSentence) }
  const detail = {
    provider: intent.target.provider.id,
    status: answer.status,
    path: intent.place,
    requestId: requestIdOf(answer.headers),
    reason: unreadable,
    attempt: intent.tally.attempts,
  }
  if (!intent.idempotent) throw new Fault('provider.unsure', undefined, detail)
  throw new Fault(codes[unreadable], sentences[unreadable], detail)
}

const longestSentence = 10_000

/** A login page or a firewall's goes away by itself; an answer without an end was lost on the way; the rest somebody has to look at. */
const codes = {
  empty: 'provider.changed',
  html: 'provider.down',
  not_json: 'provider.changed',
  cut_off: 'provider.unreachable',
  too_deep: 'provider.changed',
} as const satisfies Record<Unreadable, string>

const sentences: Readonly<Record<Unreadable, string>> = {
  empty: 'The platform answered with nothing where there should be data.',
  html: 'The platform answered with a web page instead of data.',
  not_json: 'The platform answered with something that is not JSON.',
  cut_off: 'The answer seems to have been cut off.',
  too_deep: 'The answer is nested too deeply.',
}
