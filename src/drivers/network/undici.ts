import { getCACertificates } from 'node:tls'
import { Agent, buildConnector } from 'undici'
import { type Network, NetworkFailure, type WireLimits, type WireRequest } from '../../ports/network.ts'
import { checkedLookup, type Resolve, systemResolve } from './checked-lookup.ts'
import { acceptedEncodings, decodeBody } from './decode-body.ts'
import { openEgressRules } from './egress-rules.ts'
import { Exchange } from './exchange.ts'
import { failureOf } from './failure-of.ts'
import { isPublicAddress } from './public-address.ts'

/**
 * The internet over HTTP/1.1. Asks only https at public addresses, and the `host:port` pairs that `allow` lists. Names are resolved and
 * checked once for each connection, and the address that was connected to is checked again; a connection that is used again is to the same
 * address. It follows no redirects, keeps no cookies, uses no proxy, and does not retry.
 */
export function openUndiciNetwork(
  options: {
    allow?: readonly string[]
    /** Of addresses that are not listed. 443 and 80 when absent. */
    ports?: readonly number[]
    /** Allows every port of the machine itself. */
    loopback?: boolean
    /** Certificates trusted besides the system's, as PEM. */
    ca?: readonly string[]
    limits?: Partial<WireLimits>
    resolve?: Resolve
  } = {},
): Network & { check(url: string): void; close(): Promise<void> } {
  const rules = openEgressRules(options.allow ?? [], options)
  const standard = { ...defaultLimits, ...options.limits }
  const agents = {
    public: agent({ lookup: checkedLookup(options.resolve ?? systemResolve), onlyPublic: true }),
    allowed: agent({ onlyPublic: false }),
  }

  return {
    check: (address) => void rules.check(parseAddress(address)),
    async send(request, signal) {
      const url = parseAddress(request.url)
      const agent = agents[rules.check(url)]
      const limits = { ...standard, ...request.limits }
      if (signal?.aborted) throw new NetworkFailure('aborted', false, 'given up before it was sent', signal.reason)
      const exchange = new Exchange(limits, signal)
      try {
        agent.dispatch(dispatchOptions(request, url, exchange), exchange)
      } catch (error) {
        exchange.fail(failureOf(error, { sent: false, answered: false }))
      }
      const { status, headers } = await exchange.head
      try {
        return { status, headers, body: decodeBody(exchange.body(), headers['content-encoding'], limits.maxBytes) }
      } catch (error) {
        exchange.fail(error as NetworkFailure)
        throw error
      }
    },
    async close() {
      await Promise.all([agents.public.destroy(), agents.allowed.destroy()])
    },
  }

  function agent({ lookup, onlyPublic }: { lookup?: ReturnType<typeof checkedLookup>; onlyPublic: boolean }): Agent {
    const connector = buildConnector({
      allowH2: false,
      timeout: standard.connectMs,
      minVersion: 'TLSv1.2',
      // Said here so that no variable of the environment can say otherwise.
      rejectUnauthorized: true,
      autoSelectFamily: true,
      ...(options.ca && { ca: [...getCACertificates('default'), ...options.ca] }),
      ...(lookup && { lookup }),
    })
    return new Agent({
      connect: onlyPublic ? checkingConnector(connector) : connector,
      allowH2: false,
      connections: 64,
      maxOrigins: 2_048,
      pipelining: 1,
      maxHeaderSize: 32 * 1024,
      // The exchange has timers of its own.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }
}

export const defaultLimits: WireLimits = {
  connectMs: 10_000,
  firstByteMs: 30_000,
  idleMs: 30_000,
  totalMs: 120_000,
  maxBytes: 32 * 1024 * 1024,
}

/** The lookup chose the address; this sees where the connection really went. */
function checkingConnector(connector: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connector(options, (...[error, socket]) => {
      if (error) return callback(error, null)
      if (socket.remoteAddress && isPublicAddress(socket.remoteAddress)) return callback(null, socket)
      socket.destroy()
      callback(new NetworkFailure('blocked', false, `${options.hostname} is not asked: not a public address`), null)
    })
}

function parseAddress(address: string): URL {
  const url = URL.parse(address)
  if (url) return url
  throw new NetworkFailure('blocked', false, 'that is not an address')
}

/** A part of something encoded decodes to nothing. */
const encodingsFor = (headers: WireRequest['headers']) =>
  headers['range'] === undefined ? acceptedEncodings : 'identity'

function dispatchOptions({ body, ...request }: WireRequest, url: URL, exchange: Exchange) {
  const streams = typeof body === 'object' && Symbol.asyncIterator in body
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: request.method as 'GET',
    headers: { 'accept-encoding': encodingsFor(request.headers), ...request.headers },
    body: (streams ? exchange.upload(body) : body) as Uint8Array | undefined,
  }
}
