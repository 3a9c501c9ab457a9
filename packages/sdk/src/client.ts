import { type Operations, operations } from './generated/operations.ts'
import { PatchbayError, type Problem } from './problem.ts'

export interface ClientOptions {
  /** Where the server is: `http://127.0.0.1:4400`. In a browser, `''` is the page's own server. */
  readonly url: string
  /** An API key. Absent in a browser that signed in: then its session counts. */
  readonly key?: string
  /** Which environment a session works in; a key belongs to one. */
  readonly environment?: () => string | undefined
  /** Sends requests. The global `fetch` when absent. */
  readonly fetch?: typeof fetch
}

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Makes a POST safe to repeat: the same key gives the same answer and one effect. */
  readonly idempotencyKey?: string
}

/** A typed client with every operation of the API: `client.connections.list({ profile: 'nova' })`. */
export type Client = Operations & {
  /**
   * Any address of the API, for what has no operation: the proxy, health. Throws a PatchbayError like every operation. What a provider answers
   * through the proxy comes as it is, also when it says no: only what Patchbay says itself is thrown.
   */
  request(
    method: string,
    path: string,
    options?: CallOptions & { body?: unknown; headers?: Record<string, string> },
  ): Promise<Response>
}

/** Opens a client. It holds no connection and needs no closing. */
export function openPatchbay(options: ClientOptions): Client {
  const send = options.fetch ?? globalThis.fetch
  // Addresses are copied from browsers, with a slash at the end.
  const url = options.url.replace(/\/+$/, '')
  const client: Record<string, unknown> = { request }
  for (const [group, members] of Object.entries(operations)) {
    client[group] = Object.fromEntries(
      Object.entries(members).map(([name, [method, path, gives]]) => [name, operation(method, path, gives)]),
    )
  }
  return client as unknown as Client

  function operation(method: string, path: string, gives: 'file' | undefined) {
    return async (input: Record<string, unknown> = {}, callOptions: CallOptions = {}) => {
      const rest = { ...input }
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
        const value = rest[name]
        delete rest[name]
        return encodeURIComponent(String(value))
      })
      const inQuery = method === 'GET' || method === 'DELETE'
      const query = inQuery ? queryOf(rest) : ''
      const response = await request(method, filled + query, { ...callOptions, ...(!inQuery && { body: rest }) })
      return gives === 'file' ? response : response.json()
    }
  }

  async function request(
    method: string,
    path: string,
    more: CallOptions & { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json', ...more.headers }
    if (options.key !== undefined) headers.authorization = `Bearer ${options.key}`
    const environment = options.environment?.()
    if (environment !== undefined) headers['x-patchbay-environment'] = environment
    if (more.idempotencyKey !== undefined) headers['idempotency-key'] = more.idempotencyKey
    if (more.body !== undefined) headers['content-type'] = 'application/json'
    const response = await send(url + path, {
      method,
      headers,
      body: more.body === undefined ? undefined : JSON.stringify(more.body),
      signal: more.signal,
    })
    const isProviders = path.startsWith('/v1/proxy/') && !response.headers.has('patchbay-fault')
    if (response.ok || isProviders) return response
    throw new PatchbayError(await problemOf(response))
  }
}

function queryOf(input: Record<string, unknown>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined || value === null) continue
    query.set(name, Array.isArray(value) ? value.join(',') : String(value))
  }
  return query.size > 0 ? `?${query}` : ''
}

/** What an answer that is not a success says, also when it is no problem document (a gateway in between answers HTML). */
async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null)
  if (body !== null && typeof body === 'object' && 'code' in body) return body as Problem
  return {
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: `The server answered ${response.status} without saying why.`,
    code: 'platform.bug',
    fixedBy: 'platform',
    retry: 'never',
    requestId: response.headers.get('x-request-id') ?? '',
  }
}
