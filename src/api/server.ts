import fastifySwagger from '@fastify/swagger'
import { Fault, isFault } from '@patchbay/kit'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import type { Engine } from '../engine/engine.ts'
import type { People } from '../ports/people.ts'
import { accessRoutes } from './access.ts'
import { actionRoutes } from './actions.ts'
import { openAuthenticator } from './authenticate.ts'
import { backfillRoutes } from './backfills.ts'
import { cadenceRoutes } from './cadence.ts'
import { catalogueRoutes } from './catalogue.ts'
import { serveConnectPages } from './connect-pages.ts'
import { connectSessionRoutes } from './connect-sessions.ts'
import { connectionImportRoutes } from './connection-imports.ts'
import { connectionWatchRoutes } from './connection-watch.ts'
import { connectionRoutes } from './connections.ts'
import { serveConsole } from './console-files.ts'
import { deliveryRoutes } from './deliveries.ts'
import { endpointRoutes } from './endpoints.ts'
import { isStreamUpgrade, serveEventStream } from './event-stream.ts'
import { eventTypeRoutes, openApiWebhooks } from './event-types.ts'
import { everywhere } from './everywhere.ts'
import { serveHealth } from './health.ts'
import { serveHooks } from './hooks.ts'
import { identityRoutes } from './identity.ts'
import { incidentRoutes } from './incidents.ts'
import { journalRoutes } from './journal.ts'
import { kpiRoutes } from './kpis.ts'
import { messageRoutes } from './messages.ts'
import { metricExportRoutes } from './metric-export.ts'
import { metricHistoryRoutes } from './metric-history.ts'
import { metricRoutes } from './metrics.ts'
import { noticeRoutes } from './notices.ts'
import { servePeople } from './people.ts'
import { clientError, documentProblems, problemOf, problemType, sendProblem } from './problem.ts'
import { profileSummaryRoutes } from './profile-summary.ts'
import { profileRoutes } from './profiles.ts'
import { providerRoutes } from './providers.ts'
import { faultHeader, isProxied, serveProxy } from './proxy.ts'
import { publishedRoutes } from './published.ts'
import { quotaRoutes } from './quotas.ts'
import { readJson } from './read-json.ts'
import { recordRoutes } from './records.ts'
import { serveReference } from './reference.ts'
import { countRequests, type RequestCounts } from './request-counts.ts'
import { openRequestRate } from './request-rate.ts'
import { limitRequestTime, passedOnMs } from './request-time.ts'
import type { Route } from './route.ts'
import { type Serving, serveRoute } from './serve-route.ts'
import { setupRoutes } from './setup.ts'
import { serveSignIn } from './sign-in.ts'
import { streamExplainRoutes } from './stream-explain.ts'
import { subscriptionRoutes } from './subscriptions.ts'
import { taskRoutes } from './tasks.ts'
import { vaultRoutes } from './vault.ts'

export interface ApiOptions {
  readonly people: People | null
  /** Folder with the built console; null where this process serves none. */
  readonly consoleFiles: string | null
  readonly version: string
  /** What is counted for Prometheus. */
  readonly registry: Registry
}

/** Every operation of the API, in the order of the document. `counts`: what is known of requests and not written yet. */
export function allRoutes(engine: Engine, counts?: Pick<RequestCounts, 'flush'>): Route[] {
  return [
    ...connectSessionRoutes(engine),
    ...connectionRoutes(engine),
    ...connectionImportRoutes(engine),
    ...cadenceRoutes(engine),
    ...connectionWatchRoutes(engine),
    ...backfillRoutes(engine),
    ...streamExplainRoutes(engine),
    ...profileRoutes(engine),
    ...metricRoutes(engine),
    ...metricHistoryRoutes(engine),
    ...metricExportRoutes(engine),
    ...profileSummaryRoutes(engine),
    ...catalogueRoutes(engine),
    ...identityRoutes(engine),
    ...publishedRoutes(engine),
    ...recordRoutes(engine),
    ...actionRoutes(engine),
    ...quotaRoutes(engine),
    ...journalRoutes(engine),
    ...messageRoutes(engine),
    ...eventTypeRoutes(),
    ...endpointRoutes(engine),
    ...deliveryRoutes(engine),
    ...subscriptionRoutes(engine),
    ...incidentRoutes(engine),
    ...taskRoutes(engine),
    ...noticeRoutes(engine),
    ...kpiRoutes(engine, counts),
    ...setupRoutes(engine),
    ...providerRoutes(engine),
    ...accessRoutes(engine),
    ...vaultRoutes(engine),
  ]
}

/** The HTTP server: API, connect pages, webhooks, console. It listens when its caller says so. */
export async function openApi(engine: Engine, options: ApiOptions): Promise<FastifyInstance> {
  const app = openBare(engine, isStreamUpgrade)
  // Without one of its own, plain text is told that it should be JSON, as everything else is.
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request: unknown, text: string) =>
    readJson(text),
  )
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Patchbay',
        version: options.version,
        description:
          'Connects accounts on many platforms, keeps them connected, and gives their numbers in one honest model.',
      },
      webhooks: openApiWebhooks as never,
      components: {
        securitySchemes: { key: { type: 'http', scheme: 'bearer', bearerFormat: 'pb_test_… or pb_live_…' } },
      },
    },
    transformObject: (made) => documentProblems('openapiObject' in made ? made.openapiObject : made.swaggerObject),
  })

  const counts = countRequests(app, engine.deps)
  const authenticate = openAuthenticator(engine, options.people, engine.setting.publicUrl)
  const serving: Serving = {
    deps: engine.deps,
    vault: engine.vault,
    async authenticate(request, scope) {
      const caller = await authenticate(request, scope)
      counts.recognise(request, caller.environment.id)
      return caller
    },
    rate: openRequestRate(engine.deps.clock),
  }
  for (const route of allRoutes(engine, counts)) serveRoute(app, serving, route)
  await app.register(async (scope) => serveProxy(scope, engine, serving))
  await app.register(async (scope) => serveHooks(scope, engine))
  await app.register(async (scope) => serveEventStream(scope, engine, serving))
  await app.register(async (scope) => serveConnectPages(scope, engine))
  await app.register(async (scope) => serveHealth(scope, engine, options.registry))
  await app.register(async (scope) => serveReference(scope))
  const { people } = options
  if (people) {
    await app.register(async (scope) => serveSignIn(scope, people))
    await app.register(async (scope) => servePeople(scope, engine.deps, people, serving))
  }
  if (options.consoleFiles) await app.register(async (scope) => serveConsole(scope, options.consoleFiles!))
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  return app
}

/** For a process that answers nobody but load balancers and monitoring: `/health`, `/ready`, `/metrics`. */
export async function openHealth(engine: Engine, registry: Registry): Promise<FastifyInstance> {
  const app = openBare(engine)
  await app.register(async (scope) => serveHealth(scope, engine, registry))
  return app
}

/** Limits, headers and refusals, which are the same for everything that is answered. */
function openBare(
  engine: Engine,
  shouldUpgradeCallback: (request: FastifyRequest['raw']) => boolean = () => false,
): FastifyInstance {
  const app = Fastify({
    // Request lines are ours to write: Fastify's would carry whole addresses.
    logger: false,
    genReqId: () => engine.deps.random.id('req'),
    requestIdHeader: false,
    bodyLimit: 1024 * 1024,
    requestTimeout: passedOnMs,
    connectionTimeout: 120_000,
    keepAliveTimeout: 72_000,
    http: { headersTimeout: 20_000, maxHeaderSize: 16 * 1024, shouldUpgradeCallback },
    routerOptions: { maxParamLength: 256 },
    // Each operation brings its own checks (zod); this one must not coerce or remove anything.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, strict: false } },
    return503OnClosing: true,
    // What is refused before there is a route, in the same words.
    frameworkErrors: (error, request, reply) => {
      reply.headers(everywhere).header('x-request-id', request.id)
      const problem = problemOf(clientError(error) ?? error, request.id)
      if (isProxied(request.url)) reply.header(faultHeader, problem.code)
      sendProblem(reply, problem)
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) return
      const problem = problemOf(clientError(Object.assign(error, { statusCode: 400 })), engine.deps.random.id('req'))
      const body = JSON.stringify(problem)
      socket.end(
        `HTTP/1.1 ${problem.status} Bad Request\r\ncontent-type: ${problemType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nx-request-id: ${problem.requestId}\r\nconnection: close\r\n\r\n${body}`,
      )
    },
  })

  app.setErrorHandler((error, request, reply) => {
    reply.headers(everywhere)
    const refused = clientError(error)
    const problem = problemOf(refused ?? error, request.id)
    const about = { requestId: request.id, method: request.method, route: request.routeOptions.url, error }
    if (problem.code === 'platform.bug') engine.deps.log.error('api.bug', about)
    // What a store is in the way of is nobody's bug, and still somebody's to look at. Whoever made a fault of it has said so.
    else if (refused === null && !isFault(error)) engine.deps.log.warn('api.store_in_the_way', about)
    return sendProblem(reply, problem)
  })
  app.setNotFoundHandler((request, reply) => {
    if (isProxied(request.url)) reply.header(faultHeader, 'input.unknown')
    throw new Fault('input.unknown', 'There is no such address here.')
  })
  limitRequestTime(app, engine.deps.clock)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    if (!request.routeOptions.config.acknowledges) reply.headers(everywhere)
    done()
  })
  return app
}
