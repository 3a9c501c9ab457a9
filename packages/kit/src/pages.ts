import type { ApiRequest } from './http.ts'
import { at, type Json } from './json.ts'
import type { Pager } from './stream.ts'

/** `next` in the body is an absolute address; its query is taken over, its host is not (the host stays the provider's own). */
export const nextUrl =
  (...path: string[]): Pager =>
  (body, request) =>
    followUrl(at(body, ...path), request)

/** The address of `rel="next"` in a `Link` header (RFC 8288). As with `nextUrl`, its query is taken over and nothing else. */
export const linkHeader = (): Pager => (_body, request, headers) => {
  const [, address] = /<([^>]{1,4000})>\s*;[^,]{0,500}\brel="?next\b/i.exec(headers?.link ?? '') ?? []
  return followUrl(address, request)
}

/** The next request of a list whose answer gave its address, wherever that was found. Null where there is none. */
export function followUrl(next: unknown, request: ApiRequest): ApiRequest | null {
  if (typeof next !== 'string' || next === '') return null
  const query = Object.fromEntries(new URL(next, 'https://none.invalid').searchParams)
  delete query.access_token
  return { ...request, query: { ...request.query, ...query } }
}

/** A token in the body goes into a parameter of the next request: `pageToken('nextPageToken', 'pageToken')`. */
export const pageToken =
  (from: string | readonly string[], parameter: string): Pager =>
  (body, request) => {
    const token = at(body, ...(typeof from === 'string' ? [from] : from))
    return typeof token === 'string' && token !== '' ? withQuery(request, { [parameter]: token }) : null
  }

/**
 * A list that is counted through: until `total` is reached, or a page comes back empty. A page that is shorter than what was asked for ends nothing, since
 * platforms cap pages and leave out rows: the next one begins behind what really came.
 */
export const offsetLimit =
  (items: readonly string[], options: { offset?: string; total?: readonly string[] } = {}): Pager =>
  (body, request) => {
    const name = options.offset ?? 'offset'
    const list = at(body, ...items)
    if (!Array.isArray(list) || list.length === 0) return null
    const offset = Number(request.query?.[name] ?? 0) + list.length
    const total = options.total ? Number(at(body, ...options.total) ?? Number.NaN) : Number.NaN
    return offset >= total ? null : withQuery(request, { [name]: offset })
  }

/** A page number that counts up to the total in the body. */
export const pageNumber =
  (parameter: string, totalPages: readonly string[]): Pager =>
  (body, request) => {
    const page = Number(request.query?.[parameter] ?? 1)
    return page < Number(at(body, ...totalPages) ?? 0) ? withQuery(request, { [parameter]: page + 1 }) : null
  }

export const withQuery = (request: ApiRequest, more: Record<string, string | number>): ApiRequest => ({
  ...request,
  query: { ...request.query, ...more },
})

/** The list at a path, or an empty one when it is missing; anything else there is a shape we do not know. */
export function listAt(body: Json, ...path: string[]): Json[] {
  const list = at(body, ...path)
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) throw new TypeError(`expected a list at ${path.join('.')}`)
  return list
}
