import {
  type ApiRequest,
  type EmulatorReply,
  type Errors,
  Fault,
  type Http,
  type Json,
  type Page,
  type Provider,
  type ReadContext,
  type RunTime,
  runTime,
  type Stream,
} from '@patchbay/kit'

/** For the tests: an Http that answers from a function, classifies by an error table, and remembers what was asked. */
export interface Answering extends Http {
  readonly calls: ApiRequest[]
}

export function answering(
  { baseUrl, hosts, errors }: Provider['api'],
  answer: (request: ApiRequest) => EmulatorReply | Promise<EmulatorReply>,
): Answering {
  const calls: ApiRequest[] = []
  const send = async (request: ApiRequest) => {
    calls.push(request)
    const { status, headers = {}, body } = await answer(request)
    if (status < 300 && !errors.failed?.(body)) return { status, headers, body, at: 0 }
    const { reason, message } = errors.read(body, status) ?? {}
    const { host, pathname } = addressOf(request.host ? hosts![request.host]! : baseUrl, request)
    const rule = ruleFor(errors, status, body, `${request.method ?? 'GET'} ${host}${pathname}`)
    throw new Fault(rule?.is ?? 'provider.rejected', message, {
      status,
      path: request.path,
      reason,
      quota: rule?.quota,
    })
  }
  const get: Http['get'] = async (path, query, more) => (await send({ ...more, path, query })).body
  return Object.assign(send, { get, calls })
}

/** The first line of the table that fits. */
export function ruleFor(errors: Errors, status: number, body: Json, call = '') {
  const { reason = '', message = '' } = errors.read(body, status) ?? {}
  const fits = (wanted: string | RegExp | undefined, text: string) =>
    wanted === undefined || (typeof wanted === 'string' ? wanted === text : wanted.test(text))
  return errors.rules.find(
    (rule) =>
      (rule.status === undefined || [rule.status].flat().includes(status)) &&
      (rule.call === undefined || call.startsWith(rule.call)) &&
      fits(rule.reason, reason) &&
      fits(rule.message, message),
  )
}

/** An address as it goes on the wire. */
export function addressOf(base: string, { path, query = {} }: ApiRequest): URL {
  const url = new URL(base + path)
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, Array.isArray(value) ? value.join(',') : String(value))
  return url
}

/** A run that starts at that instant. */
export const startingAt = (instant: string) => runTime(Date.parse(instant))

/** Runs a stream for some accounts and collects what it gave; `stopAfter` breaks it off after so many pages, as a crash would. */
export async function tryStream(
  stream: Stream,
  http: Http,
  options: {
    ids: readonly string[]
    time: RunTime
    cursor?: Json
    checkpoint?: Json
    stopAfter?: number
    range?: ReadContext['range']
  },
) {
  const { ids, time, range, cursor = null, checkpoint = null, stopAfter = Number.POSITIVE_INFINITY } = options
  const subjects = ids.map((id) => ({ account: { id, name: id, kind: 'channel' as const }, cursor, checkpoint }))
  const pages: Page[] = []
  for await (const answer of stream.read({ http, subjects, time, settings: {}, range })) {
    pages.push(...('account' in answer ? [answer] : answer))
    if (pages.length >= stopAfter) break
  }
  return {
    pages,
    observations: pages.flatMap((page) => page.observations ?? []),
    items: pages.flatMap((page) => page.items ?? []),
    audiences: pages.flatMap((page) => page.audiences ?? []),
    removed: pages.flatMap((page) => page.removed ?? []),
    refused: pages.flatMap((page) => page.refused ?? []),
    checkpoint: pages.at(-1)?.checkpoint ?? null,
    cursor: (pages.at(-1)?.cursor ?? null) as Json,
  }
}
