import {
  type Emulator,
  type EmulatorCall,
  type EmulatorReply,
  isFault,
  type Json,
  parseRoutePattern,
  reply,
} from '@patchbay/kit'
import { readIdentity } from './compile.ts'
import type { Definition, RequestDefinition } from './definition.ts'
import { fillExample, namesIn, routePath } from './template.ts'

interface Example {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Json
}

interface Candidate {
  /** Parameters that a request has to have for this to be its answer. */
  readonly query: Readonly<Record<string, string>>
  /** The parameter by which pages are told apart: only the first page is answered by an example that does not name it. */
  readonly pagedBy: { readonly parameter: string; readonly first: string | null } | null
  readonly example: Example
}

/**
 * The other side of a definition, out of its own examples: addresses, permissions, quotas and consent are the sandbox's as for any platform, and each
 * account of it is the one in the example of `identity`.
 */
export function emulatorOf(definition: Definition): Emulator {
  const routes = new Map<string, { scopes?: readonly string[]; auth: 'account' | 'any'; candidates: Candidate[] }>()
  const add = (request: RequestDefinition, candidates: readonly Candidate[], scopes?: readonly string[]) => {
    const pattern = routeOf(definition, request)
    const known = routes.get(pattern)
    if (known) known.candidates.push(...candidates)
    else routes.set(pattern, { scopes, auth: request.as === 'app' ? 'any' : 'account', candidates: [...candidates] })
  }
  const { identity, probe, streams, actions = {} } = definition
  add(identity.request, [alone(identity.request, { body: identity.example })])
  if (probe) add(probe, [alone(probe, { body: identity.example })])
  for (const { request, pages, examples = [], scopes } of Object.values(streams))
    add(
      request,
      examples.map(({ query, ...example }) => ({
        query: { ...fixedQuery(request), ...query },
        pagedBy: pages && 'parameter' in pages ? { parameter: pages.parameter, first: firstOf(request, pages) } : null,
        example,
      })),
      scopes?.length ? scopes : undefined,
    )
  for (const { request, answer, scopes } of Object.values(actions))
    add(request, answer ? [alone(request, answer)] : [], scopes?.length ? scopes : undefined)

  return {
    routes: Object.fromEntries(
      [...routes].map(([pattern, { candidates, ...route }]) => [
        pattern,
        { ...route, handle: (call: EmulatorCall) => answerFrom(candidates, call) },
      ]),
    ),
    refuse: {
      unauthorized: (why) => sayNo(definition, why === 'revoked' ? 'connection.revoked' : 'connection.expired', 401),
      scope: () => sayNo(definition, 'connection.scopes', 403),
      quota(_quota, waitMs) {
        const no = sayNo(definition, 'provider.throttled', 429)
        return { ...no, headers: { ...no.headers, 'retry-after': String(Math.ceil(waitMs / 1000)) } }
      },
      down: () => sayNo(definition, 'provider.down', 503),
      missing: () => sayNo(definition, 'provider.missing', 404),
    },
    oauth: oauthOf(definition.auth),
    account: () => accountOf(definition),
    // Examples are what they are: nobody knows whether they are true.
    truth: () => [],
  }
}

const alone = (request: RequestDefinition, example: Example): Candidate => ({
  query: fixedQuery(request),
  pagedBy: null,
  example,
})

function routeOf({ api }: Definition, { method = 'GET', host, path }: RequestDefinition): string {
  const base = new URL(host === undefined ? api.baseUrl : (api.hosts?.[host] ?? api.baseUrl))
  return `${method} ${base.host}${base.pathname.replace(/\/+$/, '')}${routePath(path)}`
}

/** What is the same in each request, and so tells two streams at one address apart. */
const fixedQuery = ({ query = {} }: RequestDefinition): Record<string, string> =>
  Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) =>
      typeof value === 'string' && namesIn(value).length > 0 ? [] : [[name, String(value)]],
    ),
  )

function firstOf({ query = {} }: RequestDefinition, pages: { by: string; parameter: string; first?: number }) {
  const said = query[pages.parameter]
  if (said !== undefined) return String(said)
  return pages.by === 'offset' ? '0' : pages.by === 'page' ? String(pages.first ?? 1) : null
}

/** The example that says most about this request. */
function answerFrom(candidates: readonly Candidate[], call: EmulatorCall): EmulatorReply {
  const fits = ({ query, pagedBy }: Candidate) => {
    const asked = pagedBy && call.query.get(pagedBy.parameter)
    const isLater = asked !== null && asked !== pagedBy!.first
    // The parameter of the first page may stand in the template itself.
    const named = Object.entries(query).filter(([name]) => name !== pagedBy?.parameter)
    const own = pagedBy === null ? undefined : query[pagedBy.parameter]
    if (isLater ? own !== asked : own !== undefined && own !== (asked ?? pagedBy?.first)) return false
    return named.every(([name, value]) => call.query.get(name) === value)
  }
  const [best] = candidates
    .filter(fits)
    .sort((one, other) => Object.keys(other.query).length - Object.keys(one.query).length)
  if (!best)
    return reply(404, { error: 'no_example', message: 'The definition has no example for this request: add one.' })
  return reply(best.example.status ?? 200, best.example.body, best.example.headers)
}

/** As the error table's own example says it, where it has one. */
function sayNo({ api }: Definition, is: string, status: number): EmulatorReply {
  const rule = api.errors.rules.find((one) => one.is === is)
  if (rule) return reply(rule.example.status, rule.example.body, rule.example.headers)
  return reply(status, { error: is, message: 'Said by the sandbox: the definition has no example of this error.' })
}

function oauthOf(auth: Definition['auth']): Emulator['oauth'] {
  if (auth.scheme !== 'oauth2') return undefined
  const { answer, codeSuffix, accessLifetimeSeconds, refresh } = auth
  return {
    rotates: refresh.model === 'rotates',
    ...{ codeSuffix, accessLifetimeSeconds },
    ...(answer && {
      answer: ({ accessToken, refreshToken, expiresInSeconds, scopes }) =>
        fillExample(answer.example, {
          ...{ accessToken, refreshToken: refreshToken ?? undefined, expiresInSeconds },
          scopes: scopes.join(auth.scopes.separator ?? ' '),
        }),
    }),
  }
}

function accountOf(definition: Definition) {
  try {
    const { subject, accounts } = readIdentity(definition)(definition.identity.example)
    const [{ id, name, handle }] = accounts as [(typeof accounts)[number]]
    return { id, name, handle, subject: subject.id, inputs: exampleInputs(definition) }
  } catch (error) {
    // `checkDefinition` says so before; a sandbox that cannot start would say it to everybody else.
    if (!isFault(error)) throw error
    return { id: definition.id, name: definition.name }
  }
}

const exampleInputs = ({ inputs = {} }: Definition): Record<string, string> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, field]) => [
      name,
      field.sandbox ?? field.initial ?? field.choices?.[0] ?? 'example',
    ]),
  )

/** Whether a route can be made of it: lint says what is wrong before anybody meets it. */
export const checkRoute = (definition: Definition, request: RequestDefinition): void => {
  parseRoutePattern(routeOf(definition, request))
}
