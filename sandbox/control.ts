import { addDays, dayOf, type Json, z } from '@patchbay/kit'
import { SandboxClock } from './clock.ts'
import { landingPage } from './landing-page.ts'
import { fromReply, type Outgoing, page } from './outgoing.ts'
import type { Sandbox } from './sandbox.ts'

/** A request to the control API, under `/_sandbox`. */
export interface ControlRequest {
  readonly method: string
  /** What follows `/_sandbox`: `/artists/velbrin-orchard`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Json
  readonly wantsHtml: boolean
  /** Where the sandbox is: `http://127.0.0.1:4401`. */
  readonly origin: string
}

/** What runs the sandbox from outside: the world's artists, the clock, the weather, apps, tokens, quotas, the ledger and the truth. */
export async function answerControl(sandbox: Sandbox, request: ControlRequest): Promise<Outgoing> {
  const [, name = '', ...rest] = request.path.split('/')
  if (name === '') {
    const index = indexOf(sandbox, request.origin)
    return request.wantsHtml ? page(200, landingPage(index)) : json(200, index)
  }
  const resource = Object.hasOwn(resources, name) ? resources[name as keyof typeof resources] : undefined
  const act = (resource as Resource | undefined)?.[request.method as 'GET']
  if (!resource) return json(404, { error: 'unknown', message: `there is nothing at ${request.path}` })
  if (!act) return json(405, { error: 'method', message: `${name} takes ${Object.keys(resource).join(', ')}` })
  try {
    return json(200, await act(sandbox, { ...request, key: rest.join('/') }))
  } catch (error) {
    if (error instanceof z.ZodError) return json(400, { error: 'invalid', message: z.prettifyError(error) })
    if (error instanceof RangeError || error instanceof TypeError)
      return json(400, { error: 'invalid', message: error.message })
    throw error
  }
}

type Act = (sandbox: Sandbox, request: ControlRequest & { key: string }) => unknown
type Resource = Partial<Record<'GET' | 'POST' | 'DELETE', Act>>

const resources = {
  artists: {
    GET({ world, providers, personas }, { query, key }) {
      const found = key === '' ? personas.search(query.get('q') ?? '') : world.artists.filter((one) => one.key === key)
      if (key !== '' && found.length === 0) throw new RangeError(`there is no artist ${key}`)
      const { limit, offset } = pageShape.parse(Object.fromEntries(query))
      const artists = found.slice(offset, offset + limit).map((artist) => ({
        ...{ key: artist.key, name: artist.name, country: artist.country, genre: artist.genre, fame: artist.fame },
        accounts: Object.fromEntries(
          providers.map((provider) => {
            const { account, credentials } = personas.persona(provider, artist)
            return [provider.id, { ...account, ...(Object.keys(credentials).length > 0 ? { credentials } : {}) }]
          }),
        ),
      }))
      return key === '' ? { data: artists, total: found.length } : artists[0]
    },
  },

  clock: {
    GET: ({ clock }) => clockState(clock),
    POST({ clock }, { body }) {
      const change = clockShape.parse(body)
      if (!(clock instanceof SandboxClock)) throw new RangeError('the clock of this sandbox cannot be set')
      if (change.rate !== undefined) clock.run(change.rate)
      if (change.advanceMs !== undefined) clock.advance(change.advanceMs)
      if (change.to !== undefined) clock.jumpTo(change.to)
      return clockState(clock)
    },
  },

  weather: {
    GET: ({ weather }) => ({ data: weather.list() }),
    POST({ weather, providers }, { body }) {
      const rules = z.array(weatherShape).parse(Array.isArray(body) ? body : [body])
      for (const { provider } of rules)
        if (provider !== undefined && !providers.some(({ id }) => id === provider))
          throw new RangeError(
            `there is no provider ${provider}; there are: ${providers.map(({ id }) => id).join(', ')}`,
          )
      return { ids: rules.map((rule) => weather.add(rule)), data: weather.list() }
    },
    DELETE({ weather }, { query, key }) {
      weather.clear(key || query.get('id') || undefined)
      return { data: weather.list() }
    },
  },

  apps: {
    GET: ({ apps }, { query }) => ({ data: apps.list(query.get('provider') ?? undefined) }),
    POST: ({ apps }, { body }) => apps.register(appShape.parse(body)),
  },

  tokens: {
    GET: ({ grants }) => ({
      data: grants.list().map(({ refreshToken, refreshTokens, accessTokens, ...grant }) => ({
        ...grant,
        refreshable: refreshToken !== null,
        tokens: { refresh: refreshTokens.length, access: accessTokens.length },
      })),
    }),
    POST(sandbox, { body }) {
      const { provider, artist, account, action } = tokenShape.parse(body)
      const { artist: found } = whose(sandbox, provider, { artist, account })
      return { grants: sandbox.meddle(provider, found.key, action) }
    },
  },

  quotas: {
    GET: ({ quotas, providers }) => Object.fromEntries(providers.map(({ id }) => [id, quotas.list(id)])),
    POST({ quotas }, { body }) {
      const { provider, quota, limit } = quotaShape.parse(body)
      quotas.change(provider, quota, limit)
      return quotas.list(provider)
    },
  },

  rules: {
    GET: ({ rules, providers }) =>
      Object.fromEntries(
        providers.map((provider) => {
          const { accessMs, rotates, graceMs } = rules.of(provider)
          return [provider.id, { accessMs, rotates, graceMs }]
        }),
      ),
    POST({ rules, providers }, { body }) {
      const { provider: id, ...change } = rulesShape.parse(body)
      const provider = providers.find((one) => one.id === id)
      if (!provider) throw new RangeError(`there is no provider ${id}`)
      rules.change(id, change)
      const { accessMs, rotates, graceMs } = rules.of(provider)
      return { accessMs, rotates, graceMs }
    },
  },

  definitions: {
    POST: (sandbox, { body }) => ({ provider: sandbox.learn(definitionShape.parse(body)) }),
  },

  ledger: {
    GET({ ledger }, { query }) {
      const { limit, provider } = ledgerShape.parse(Object.fromEntries(query))
      const mine = (row: { provider: string }) => provider === undefined || row.provider === provider
      return {
        ...{ summary: ledger.summary(), inFlight: Object.fromEntries(ledger.inFlight) },
        violations: ledger.violations.filter(mine).slice(-limit).reverse(),
        recent: ledger.entries.filter(mine).slice(-limit).reverse(),
      }
    },
  },

  webhooks: {
    GET: ({ subscriptions }, { query }) => {
      const mine = ofProvider(query)
      return { addresses: subscriptions.addresses().filter(mine), subscriptions: subscriptions.list().filter(mine) }
    },
    async POST({ subscriptions, postbox, apps, clock }, { body }) {
      const { provider, clientId, url, verifyToken } = addressShape.parse(body)
      const app = clientId === undefined ? apps.first(provider) : apps.find(provider, clientId)
      if (!app) throw new RangeError(`there is no such app at ${provider}`)
      subscriptions.address({ provider, app: app.clientId, url, verifyToken }, clock.now())
      await postbox.tick()
      return subscriptions.addressOf(provider, app.clientId) ?? { provider, app: app.clientId, url: '' }
    },
  },

  messages: {
    GET({ postbox }, { query }) {
      const { limit } = ledgerShape.parse(Object.fromEntries(query))
      return {
        lost: postbox.lost,
        data: limit === 0 ? [] : postbox.list().filter(ofProvider(query)).slice(-limit).reverse(),
      }
    },
    async POST(sandbox, { body }) {
      const { provider: id, artist, account, kind, overrides } = triggerShape.parse(body)
      const { provider, artist: found } = whose(sandbox, id, { artist, account })
      const letters = sandbox.postbox.trigger(provider, found, kind, overrides)
      await sandbox.postbox.tick()
      return {
        data: letters.map(({ id, url, body, state, answer, tries }) => ({ id, url, body, state, answer, tries })),
      }
    },
  },

  truth: {
    GET(sandbox, { query }) {
      const today = dayOf(sandbox.clock.now())
      const { provider, artist, from, to } = truthShape.parse(Object.fromEntries(query))
      const days = { from: from ?? addDays(to ?? today, -6), to: to ?? today }
      return { provider, artist, ...days, data: sandbox.truth(provider, artist, days) }
    },
  },
} as const satisfies Record<string, Resource>

/** What the index and the landing page say about each. */
const summaries: Record<keyof typeof resources, string> = {
  artists: 'GET ?q=&limit=&offset= · the people of the world, with their account at each provider',
  clock: 'GET · POST {rate} or {advanceMs} or {to}',
  weather: 'GET · POST a rule or a list · DELETE ?id=, or all',
  apps: 'GET ?provider= · POST {provider, name?, clientId?, redirectUris?, settings?}',
  tokens: 'GET · POST {provider, artist or account, action: revoke or expire}',
  quotas: 'GET · POST {provider, quota, limit}',
  rules: 'GET · POST {provider, rotates?, graceMs?, accessMs?} · what becomes of its tokens',
  definitions: 'POST {environment, definition} · plays a platform that an environment described, out of its examples',
  ledger: 'GET ?provider=&limit= · what arrived, and what should not have',
  webhooks:
    'GET ?provider= · POST {provider, clientId?, url, verifyToken?} · where an app’s messages go, and who is told of what',
  messages:
    'GET ?provider=&limit= · POST {provider, artist or account, kind, overrides?} · what was sent, and sends one',
  truth: 'GET ?provider=&artist=&from=&to= · what a perfect connector would know',
}

export function indexOf(sandbox: Sandbox, origin: string) {
  return {
    about: 'A pretend internet for connectors. The real https://HOST/PATH is ORIGIN/HOST/PATH here.',
    origin,
    ...clockState(sandbox.clock),
    artists: sandbox.world.artists.length,
    seed: sandbox.world.seed,
    since: sandbox.world.since,
    hosts: sandbox.hosts.map((host) => `${origin}/${host}`),
    providers: sandbox.providers.map(({ id, name, auth }) => ({ id, name, scheme: auth.scheme })),
    control: Object.entries(summaries).map(([name, summary]) => ({ url: `${origin}/_sandbox/${name}`, summary })),
    consent:
      'Without a browser: GET the authorize address, then POST persona (an artist’s key), decision=allow and one scope for each permission as a form to the same address with /decide after its path and the same query. The answer is a redirect to your app.',
  }
}

function clockState(clock: Sandbox['clock']) {
  const now = clock.now()
  return { now, at: new Date(now).toISOString(), rate: clock instanceof SandboxClock ? clock.rate : 1 }
}

const ofProvider = (query: URLSearchParams) => (row: { provider: string }) =>
  !query.has('provider') || row.provider === query.get('provider')

/** Who is meant: an artist by key, or by the id that their account has at the provider. */
function whose(sandbox: Sandbox, id: string, by: { artist?: string; account?: string }) {
  const provider = sandbox.providers.find((one) => one.id === id)
  if (!provider) throw new RangeError(`there is no provider ${id}`)
  const artist =
    by.artist === undefined
      ? sandbox.world.artists.find((one) => sandbox.personas.account(provider, one).id === by.account)
      : sandbox.personas.artist(by.artist)
  if (!artist) throw new RangeError('name an artist by key, or an account by its id at the provider')
  return { provider, artist }
}

const json = (status: number, body: unknown): Outgoing => fromReply({ status, body: body as Json })

const instant = z.union([z.number(), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))])
const amount = z.number().nonnegative()
const pageShape = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  offset: z.coerce.number().int().min(0).default(0),
})
const ledgerShape = z.object({
  limit: z.coerce.number().int().min(0).max(10_000).default(50),
  provider: z.string().optional(),
})
const clockShape = z
  .strictObject({ rate: amount.optional(), advanceMs: amount.optional(), to: instant.optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'say rate, advanceMs or to')
const appShape = z.strictObject({
  provider: z.string(),
  name: z.string().min(1).max(100).optional(),
  clientId: z.string().min(1).max(200).optional(),
  clientSecret: z.string().min(1).max(200).nullable().optional(),
  redirectUris: z.array(z.url()).max(50).optional(),
  anyLoopback: z.boolean().optional(),
  settings: z.record(z.string(), z.string()).optional(),
})
const tokenShape = z.strictObject({
  ...{ provider: z.string(), artist: z.string().optional(), account: z.string().optional() },
  action: z.enum(['revoke', 'expire']),
})
const rulesShape = z.strictObject({
  provider: z.string(),
  rotates: z.boolean().optional(),
  graceMs: amount.optional(),
  accessMs: amount.nullable().optional(),
})
const addressShape = z.strictObject({
  ...{ provider: z.string(), clientId: z.string().optional(), verifyToken: z.string().max(500).default('') },
  url: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]),
})
const triggerShape = z.strictObject({
  ...{ provider: z.string(), artist: z.string().optional(), account: z.string().optional(), kind: z.string() },
  overrides: z.record(z.string(), z.json()).optional(),
})
const definitionShape = z.strictObject({ environment: z.string().min(1).max(200), definition: z.unknown() })
const quotaShape = z.strictObject({ provider: z.string(), quota: z.string(), limit: amount })
const day = z.iso.date()
const truthShape = z.object({ provider: z.string(), artist: z.string(), from: day.optional(), to: day.optional() })

const every = {
  ...{ id: z.string().max(100).optional(), provider: z.string().optional(), route: z.string().optional() },
  ...{ artist: z.string().optional(), probability: z.number().min(0).max(1).optional() },
  ...{ from: instant.optional(), until: instant.optional(), times: z.int().min(1).optional() },
}
const weatherShape = z.discriminatedUnion('kind', [
  z.strictObject({
    ...every,
    kind: z.enum(['drop', 'lose', 'outage', 'html', 'truncate', 'revoke', 'rotate']),
  }),
  z.strictObject({ ...every, kind: z.literal('fail'), status: z.int().min(400).max(599).optional() }),
  z.strictObject({
    ...{ ...every, kind: z.literal('throttle'), waitMs: amount.optional() },
    retryAfter: z.enum(['seconds', 'http-date', 'float', 'zero', 'negative', 'huge', 'absent']).optional(),
  }),
  z.strictObject({ ...every, kind: z.literal('slow'), pauseMs: amount.optional() }),
  z.strictObject({ ...every, kind: z.literal('drift'), field: z.string().optional(), rename: z.string().optional() }),
  z.strictObject({ ...every, kind: z.literal('repeat'), copies: z.int().min(1).max(100).optional() }),
  z.strictObject({ ...every, kind: z.literal('shuffle'), ms: amount.max(7 * 86_400_000) }),
  z.strictObject({
    ...every,
    kind: z.literal('delay'),
    ms: amount.max(3_600_000),
    side: z.enum(['request', 'reply']).optional(),
  }),
])
