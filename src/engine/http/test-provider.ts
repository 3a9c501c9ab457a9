import { at, defineProvider, type Errors, type Json, oauth2, type Provider } from '@patchbay/kit'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryLimiter } from '../../drivers/limiter/memory.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import type { Connection } from '../../ports/connections.ts'
import type { CallRecord } from '../../ports/journal.ts'
import type { Limiter } from '../../ports/limiter.ts'
import { NetworkFailure, type NetworkFailureKind, type WireRequest } from '../../ports/network.ts'
import type { Deps } from '../deps.ts'
import type { KeptAnswers } from './cache/kept-answers.ts'
import { type Gateway, openGateway } from './gateway.ts'
import type { CallIncidents } from './report-outage.ts'
import type { Credentials, Target } from './target.ts'

/** One answer of a pretend provider: a status with `{}`, a whole answer, a failure of the network, or what a function says. */
export type Scripted =
  | number
  | NetworkFailureKind
  /** The request arrived and was acted on, and the answer never came. */
  | 'lost'
  | {
      status: number
      headers?: Record<string, string>
      body?: Json
      text?: string | Uint8Array
      pieces?: (clock: SimulatedClock) => AsyncIterable<Uint8Array>
    }
  | ((request: WireRequest, now: number) => Scripted | Promise<Scripted>)

const neverSent: readonly string[] = ['dns', 'connect', 'tls', 'blocked']

export const testErrors: Errors = {
  read: (body) => ({
    reason: text(at(body, 'error', 'reason')),
    message: text(at(body, 'error', 'message')) ?? text(body),
  }),
  rules: [],
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined)

/** A provider of which only the API matters. */
export function testProvider(api: Partial<Provider['api']> = {}, more: Partial<Provider> = {}): Provider {
  return defineProvider({
    ...{ id: 'acme', name: 'Acme', category: 'music', summary: 'For tests.', docs: 'none', streams: {} },
    auth: oauth2({
      authorizeUrl: 'https://acme.example/authorize',
      tokenUrl: 'https://acme.example/token',
      client: 'basic',
      pkce: 'S256',
      scopes: { always: [] },
      refresh: { model: 'keeps' },
    }),
    api: { baseUrl: 'https://api.acme.example/v1', quotas: [], errors: testErrors, ...api },
    identify: async () => ({ subject: { id: '1', name: 'one' }, accounts: [] }),
    emulator: null as never,
    ...more,
  })
}

export function testTarget(provider: Provider, more: Partial<Target> = {}): Target {
  return {
    environment: { id: 'env_1', workspace: 'w', mode: 'test', createdAt: 0 },
    provider,
    integration: {
      ...{ id: 'int_1', environmentId: 'env_1', provider: provider.id, name: 'Acme', clientId: 'client' },
      ...{ clientSecret: null, settings: {}, scopes: [], enabled: true, incident: null, createdAt: 0 },
    },
    grantId: 'grt_1',
    connection: null,
    lane: 'interactive',
    runId: null,
    patienceMs: 120_000,
    ...more,
  }
}

/** One account's connection, on whose behalf that is. */
export function testConnection(more: Partial<Connection> = {}): Connection {
  return {
    ...{ id: 'con_1', environmentId: 'env_1', profileId: 'artist', provider: 'acme', integrationId: 'int_1' },
    ...{ grantId: 'grt_1', account: { id: 'acc', name: 'one', kind: 'channel' as const }, inputs: {} },
    ...{ state: 'healthy' as const, reason: null, missingScopes: [], stateAt: 0, createdAt: 0 },
    ...more,
  }
}

export interface TestWorld {
  readonly clock: SimulatedClock
  readonly gateway: Gateway
  readonly limiter: Limiter
  readonly log: ReturnType<typeof openCapturedLog>
  /** Everything that reached the network, and when. */
  readonly asked: { request: WireRequest; at: number }[]
  readonly records: CallRecord[]
  /** Generations that were reported as refused. */
  readonly refused: number[]
}

export const testStart = Date.UTC(2026, 0, 15, 12)

/** A gateway to a provider that answers by a script, on simulated time. The last answer repeats. */
export function openTestWorld(
  script: readonly Scripted[],
  options: {
    /** Of every answer, or of the nth request's. */
    latencyMs?: number | ((nth: number) => number)
    incidents?: Partial<CallIncidents>
    credentials?: Partial<Credentials>
    limiter?: Limiter
    journal?: Pick<Deps['journal'], 'calls'>
    kept?: KeptAnswers
    seed?: string
    /** Shared by several worlds, which are then several processes. */
    clock?: SimulatedClock
  } = {},
): TestWorld {
  const clock = options.clock ?? new SimulatedClock(testStart)
  const random = new SeededRandom(options.seed ?? 'http', clock)
  const limiter = options.limiter ?? openMemoryLimiter()
  const log = openCapturedLog()
  const asked: TestWorld['asked'] = []
  const records: CallRecord[] = []
  const refused: number[] = []
  let generation = 1

  const network = {
    async send(request: WireRequest, signal?: AbortSignal) {
      const nth = asked.push({ request, at: clock.now() })
      const { latencyMs = 10 } = options
      await clock.sleep(typeof latencyMs === 'number' ? latencyMs : latencyMs(nth), signal).catch((reason) => {
        throw new NetworkFailure('aborted', true, 'aborted', reason)
      })
      let scripted = script[Math.min(nth, script.length) - 1]!
      while (typeof scripted === 'function') scripted = await scripted(request, clock.now())
      if (scripted === 'lost') throw new NetworkFailure('reset', true, 'reset')
      if (typeof scripted === 'string') throw new NetworkFailure(scripted, !neverSent.includes(scripted), scripted)
      const answer = typeof scripted === 'number' ? { status: scripted } : scripted
      const { status, headers = {}, body = {}, text, pieces } = answer
      const bytes = text === undefined ? Buffer.from(JSON.stringify(body)) : Buffer.from(text)
      return {
        status,
        headers: { 'content-type': 'application/json', 'content-length': '1', ...headers },
        body: (async function* () {
          if (pieces) yield* pieces(clock)
          else if (bytes.length > 0) yield bytes
        })(),
      }
    },
  }
  const credentials: Credentials = {
    authorize: (_target, _as, use) =>
      use({ headers: { authorization: `Bearer token-of-generation-${generation}` }, query: {}, generation }),
    standing: async () => `grt_1 ${generation}`,
    async refused(_target, _as, was) {
      refused.push(was)
      if (was !== generation) return 'retry'
      generation++
      return 'retry'
    },
    ...options.credentials,
  }
  const journal = options.journal ?? {
    calls: async (_: string, calls: readonly CallRecord[]) => void records.push(...calls),
  }
  const incidents: CallIncidents = {
    outage: async () => {},
    over: async () => {},
    ending: async () => {},
    ...options.incidents,
  }
  const deps = {
    clock,
    random,
    log,
    limiter,
    networks: { test: network, live: network },
    journal: journal as Deps['journal'],
  }
  const gateway = openGateway(deps, { publicUrl: 'http://127.0.0.1:4400' }, credentials, incidents, options.kept)
  return { clock, gateway, limiter, log, asked, records, refused }
}
