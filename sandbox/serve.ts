import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json } from '@patchbay/kit'
import { NetworkFailure } from '../src/ports/network.ts'
import { answerControl } from './control.ts'
import { fromReply, type Outgoing } from './outgoing.ts'
import type { Sandbox } from './sandbox.ts'

/**
 * The sandbox over HTTP: the real `https://HOST/PATH` is `ORIGIN/HOST/PATH`, and `/_sandbox` is its control API. A fault of the network
 * closes the socket. There is no sign-in, since nothing in here is worth one: serve it on loopback unless you mean others to use it.
 */
export async function serveSandbox(
  sandbox: Sandbox,
  options: { host?: string; port?: number } = {},
): Promise<{ url: string; close(): Promise<void> }> {
  const { host = '127.0.0.1', port = 0 } = options
  const server = createServer({
    maxHeaderSize: 32_768,
    headersTimeout: 10_000,
    requestTimeout: 60_000,
    keepAliveTimeout: 5_000,
  })
  let url = ''
  server.on('request', (request, response) => {
    answer(sandbox, url, request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: listening } = server.address() as AddressInfo
  url = `http://${host.includes(':') ? `[${host}]` : host}:${listening}`
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const mostBytes = 5_000_000

async function answer(
  sandbox: Sandbox,
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = '/', query = ''] = splitOnce(request.url ?? '/', '?')
  const [, host = ''] = path.split('/')
  if (path === '/') return reply(response, { status: 302, headers: { location: '/_sandbox' }, text: '' })
  const body = await readBody(request)
  if (body === null)
    return reply(response, problem(413, 'too_large', `the sandbox takes bodies of up to ${mostBytes} bytes`))
  try {
    if (host === '_sandbox') return reply(response, await control(sandbox, origin, request, path, query, body))
    if (!sandbox.hosts.includes(host.toLowerCase())) return reply(response, unknownHost(sandbox, host))
    await forward(sandbox, origin, request, response, body)
  } catch (error) {
    if (error instanceof NetworkFailure) response.destroy()
    else if (response.headersSent) response.destroy()
    else reply(response, problem(500, 'sandbox_bug', String(error)))
  }
}

/** To the pretend provider, under its real address. */
async function forward(
  sandbox: Sandbox,
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
) {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined && !hopByHop.has(name)) headers[name] = Array.isArray(value) ? value.join(', ') : value
  const answered = await sandbox.send(
    {
      method: request.method ?? 'GET',
      url: `https://${request.url?.slice(1)}`,
      headers,
      body: body.length > 0 ? body : undefined,
    },
    gone.signal,
  )
  response.writeHead(answered.status, {
    ...answered.headers,
    ...stayInside(sandbox, origin, answered.headers.location),
  })
  for await (const piece of answered.body) {
    if (gone.signal.aborted) return
    // Out before the next: when the rest never comes, what was sent has been sent.
    await new Promise<void>((resolve) => response.write(piece, () => resolve()))
  }
  response.end()
}

/** A redirect to a host that is pretended here stays here; one to the app goes where it goes. */
function stayInside(sandbox: Sandbox, origin: string, location: string | undefined): { location?: string } {
  if (location === undefined || !URL.canParse(location)) return {}
  const { protocol, host } = new URL(location)
  return protocol === 'https:' && sandbox.hosts.includes(host)
    ? { location: `${origin}/${location.slice('https://'.length)}` }
    : {}
}

function control(
  sandbox: Sandbox,
  origin: string,
  request: IncomingMessage,
  path: string,
  query: string,
  body: Buffer,
): Outgoing | Promise<Outgoing> {
  const method = request.method ?? 'GET'
  let parsed: Json = null
  if (method === 'POST') {
    // Other content types can be posted by any web page that the developer happens to visit.
    if (!request.headers['content-type']?.includes('application/json'))
      return problem(415, 'content_type', 'send JSON with content-type: application/json')
    try {
      parsed = JSON.parse(body.toString())
    } catch {
      return problem(400, 'invalid', 'the body is not JSON')
    }
  }
  return answerControl(sandbox, {
    ...{ method, origin, body: parsed, query: new URLSearchParams(query) },
    path: path.slice('/_sandbox'.length).replace(/\/$/, ''),
    wantsHtml: request.headers.accept?.includes('text/html') ?? false,
  })
}

/** Null when it is larger than the sandbox takes. One that does not say so beforehand loses its connection. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return null
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of request) {
    size += piece.length
    if (size > mostBytes) throw new RangeError('the body is too large')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function reply(response: ServerResponse, { status, headers, text }: Outgoing): void {
  response.writeHead(status, headers).end(text)
}

const problem = (status: number, error: string, message: string): Outgoing =>
  fromReply({ status, body: { error, message } })

const unknownHost = (sandbox: Sandbox, host: string): Outgoing =>
  fromReply({
    status: 404,
    body: { error: 'unknown_host', message: `the sandbox has no host ${host}`, hosts: [...sandbox.hosts] },
  })

const hopByHop = new Set([
  'connection',
  'host',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'accept-encoding',
  'content-length',
])

function splitOnce(text: string, by: string): string[] {
  const place = text.indexOf(by)
  return place === -1 ? [text] : [text.slice(0, place), text.slice(place + 1)]
}
