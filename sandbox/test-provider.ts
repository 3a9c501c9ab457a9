import { defineEmulator, defineProvider, type OAuth2, oauth2, type Provider, reply } from '@patchbay/kit'
import type { Clock } from '../src/ports/clock.ts'
import { readBody } from '../src/ports/network.ts'
import { openSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts'

/** A platform that exists in the sandbox's tests only. */
export function testProvider(
  change: { auth?: Partial<OAuth2>; emulator?: Partial<Provider['emulator']>; api?: Partial<Provider['api']> } = {},
) {
  return defineProvider({
    id: 'tuneful',
    name: 'Tuneful',
    category: 'music',
    summary: 'Fans of a made-up platform',
    docs: 'https://docs.tuneful.example',
    auth: oauth2({
      authorizeUrl: 'https://accounts.tuneful.example/oauth/authorize',
      tokenUrl: 'https://accounts.tuneful.example/oauth/token',
      revokeUrl: 'https://accounts.tuneful.example/oauth/revoke',
      client: 'basic',
      pkce: 'S256',
      issuer: 'https://accounts.tuneful.example',
      scopes: { always: ['fans', 'profile'] },
      refresh: { model: 'rotates', graceMs: 60_000, source: 'made up' },
      app: { kind: 'client_credentials', tokenUrl: 'https://accounts.tuneful.example/oauth/token', client: 'basic' },
      ...change.auth,
    }),
    settings: { mode: { label: 'Mode', initial: 'small' } },
    api: {
      baseUrl: 'https://api.tuneful.example/v1',
      quotas: [
        { id: 'general', per: 'app', limit: 5, window: { rollingMs: 30_000 }, source: 'made up' },
        { id: 'daily', per: 'account', limit: 20, window: { day: 'America/Los_Angeles' }, source: 'made up' },
      ],
      errors: { read: () => null, rules: [] },
      ...change.api,
    },
    identify: async () => ({ subject: { id: '1', name: 'One' }, accounts: [] }),
    streams: {},
    emulator: defineEmulator({
      routes: {
        'GET api.tuneful.example/v1/me': ({ artist, scopes, app }) => ({
          id: artist!.key,
          name: artist!.name,
          scopes: [...scopes],
          mode: app.settings.mode ?? '',
        }),
        'GET api.tuneful.example/v1/fans': {
          scopes: ['fans'],
          handle: ({ artist, world, today }) => ({
            total: world.total('fans', { artist: artist!, perDay: 1000 }, today()),
            day: today(),
          }),
        },
        'GET api.tuneful.example/v1/artists/{id}': {
          auth: 'any',
          handle: ({ params, world }) => {
            const artist = world.artists.find(({ key }) => key === params.id)
            return artist ? { id: artist.key, name: artist.name } : reply(404, { error: 'no such artist' })
          },
        },
        'GET api.tuneful.example/v1/artists/all': { auth: 'none', handle: ({ world }) => world.artists.length },
        'POST api.tuneful.example/v1/notes': ({ memory, body, id }) => {
          const note = id('note-')
          memory.set(note, body)
          return reply(201, { id: note })
        },
      },
      refuse: {
        unauthorized: (why) => reply(401, { error: why }),
        scope: (needed) => reply(403, { error: 'scope', needed: [...needed] }),
        quota: (quota, waitMs) => reply(429, { error: quota }, { 'retry-after': String(Math.ceil(waitMs / 1000)) }),
        down: () => reply(503, { error: 'down' }),
        missing: () => reply(404, { error: 'missing' }),
      },
      headers: (used) => ({ 'x-used': JSON.stringify(used) }),
      account: (artist) => ({ id: artist.key, name: artist.name, handle: `@${artist.key}` }),
      *truth(artist, world, { to }) {
        const value = world.total('fans', { artist, perDay: 1000 }, to)
        yield { metric: 'audience.followers', day: to, value }
      },
      ...change.emulator,
    }),
  })
}

/** Stands still until it is told to go on; a sleep moves it. */
export class ManualClock implements Clock {
  #now: number

  constructor(now: number | string) {
    this.#now = typeof now === 'number' ? now : Date.parse(now)
  }

  now(): number {
    return this.#now
  }

  advance(ms: number): void {
    this.#now += ms
  }

  async sleep(ms: number): Promise<void> {
    this.#now += ms
  }
}

export const redirectUri = 'http://127.0.0.1:4400/oauth/callback/1'

/** A sandbox with the made-up provider, and an app that can do what applications do. */
export function openTestSandbox(
  change: Parameters<typeof testProvider>[0] = {},
  options: Partial<SandboxOptions> = {},
) {
  const clock = new ManualClock('2026-03-02T12:00:00Z')
  const provider = testProvider(change)
  const sandbox = openSandbox({ providers: [provider], clock, seed: 'test', artists: 12, ...options })
  return { sandbox, clock, provider, ...clientOf(sandbox, provider) }
}

export function clientOf(sandbox: Sandbox, provider: Provider) {
  const app = sandbox.apps.first(provider.id)
  const auth = provider.auth as OAuth2
  const artist = sandbox.world.artists[0]!
  const send = async (method: string, url: string, headers: Record<string, string> = {}, body?: string) => {
    const response = await sandbox.send({ method, url, headers, body })
    const text = Buffer.from(await readBody(response)).toString()
    const json = response.headers['content-type']?.includes('json') ? JSON.parse(text) : null
    return { status: response.status, headers: response.headers, text, json }
  }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const basic = { authorization: `Basic ${Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64')}` }
  const post = (
    url: string,
    params: Record<string, string> | [string, string][],
    headers: Record<string, string> = {},
  ) => send('POST', url, { ...form, ...headers }, new URLSearchParams(params).toString())

  const authorizeQuery = (more: Record<string, string> = {}) =>
    new URLSearchParams({
      ...{
        client_id: app.clientId,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: 'fans profile',
        state: 'xyz',
      },
      ...{ code_challenge: challenge, code_challenge_method: 'S256', ...more },
    })

  const authorization = (more?: Record<string, string>) => `${auth.authorizeUrl}?${authorizeQuery(more)}`
  const token = (params: Record<string, string>) => post(auth.tokenUrl, params, auth.client === 'basic' ? basic : {})

  /** Says yes as the first artist, and returns where the browser is sent. */
  const consent = async (more: Record<string, string> = {}, answer: [string, string][] = []) => {
    const fields: [string, string][] = [['persona', artist.key], ['decision', 'allow'], ...answer]
    const { headers } = await post(authorization(more).replace('?', '/decide?'), fields)
    return new URL(headers.location ?? 'none:')
  }
  const exchange = (code: string | null, more: Record<string, string> = {}) =>
    token({
      ...{ grant_type: 'authorization_code', code: code ?? '', redirect_uri: redirectUri, code_verifier: verifier },
      ...more,
    })

  return {
    ...{ app, artist, send, post, authorizeQuery, consent, token, exchange },
    page: (more?: Record<string, string>) => send('GET', authorization(more)),
    refresh: (refreshToken: string) => token({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    /** The whole walk: consent, exchange, tokens. */
    async connect(more: Record<string, string> = {}, answer: [string, string][] = []) {
      const back = await consent(more, answer)
      const { json } = await exchange(back.searchParams.get('code'))
      return json as { access_token: string; refresh_token: string; expires_in: number; scope: string }
    },
    get: (path: string, accessToken?: string) =>
      send(
        'GET',
        `https://api.tuneful.example/v1${path}`,
        accessToken ? { authorization: `Bearer ${accessToken}` } : {},
      ),
  }
}

/** The example of RFC 7636, appendix B. */
export const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
