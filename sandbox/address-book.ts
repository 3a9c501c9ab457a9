import type { OAuth2, Provider, Route, TokenRequest } from '@patchbay/kit'
import { mostExactFirst, parseRoutePattern, type RoutePattern } from '@patchbay/kit'
import type { Incoming } from './incoming.ts'

/** What is at an address. */
export type Place = { readonly provider: Provider } & (
  | { readonly what: 'authorize' | 'decide' | 'token' | 'revoke' }
  | { readonly what: 'extend'; readonly request: TokenRequest; readonly minAgeMs: number }
  | {
      readonly what: 'api'
      readonly pattern: RoutePattern
      readonly route: Route
      readonly params: Readonly<Record<string, string>>
    }
  | { readonly what: 'nothing' }
)

/** Which address belongs to which providers. Two of them may share a host, and even an address. */
export class AddressBook {
  #providers: readonly {
    readonly provider: Provider
    readonly hosts: ReadonlySet<string>
    readonly oauth: readonly { readonly place: Place; readonly at: (incoming: Incoming) => boolean }[]
    readonly routes: readonly { readonly pattern: RoutePattern; readonly route: Route }[]
  }[] = []

  #hosts: readonly string[] = []

  constructor(providers: readonly Provider[]) {
    this.learn(providers)
  }

  /** These and no others are at home here from now on. */
  learn(providers: readonly Provider[]): void {
    this.#providers = providers.map((provider) => {
      const routes = Object.entries(provider.emulator.routes)
        .map(([text, route]) => ({
          pattern: parseRoutePattern(text),
          route: typeof route === 'function' ? { handle: route } : route,
        }))
        .sort((one, other) => mostExactFirst(one.pattern, other.pattern))
      return { provider, routes, oauth: oauthPlaces(provider), hosts: hostsOf(provider, routes) }
    })
    this.#hosts = [...new Set(this.#providers.flatMap(({ hosts }) => [...hosts]))].sort()
  }

  get hosts(): readonly string[] {
    return this.#hosts
  }

  /** Everything that may be meant, the most likely first. Empty for a host that nobody has. */
  find(incoming: Incoming): Place[] {
    const here = this.#providers.filter(({ hosts }) => hosts.has(incoming.url.host))
    const found = here.flatMap(({ oauth }) => oauth.filter(({ at }) => at(incoming)).map(({ place }) => place))
    if (found.length > 0) return found
    for (const { provider, routes } of here)
      for (const { pattern, route } of routes) {
        const params = pattern.match(incoming.method, incoming.place)
        if (!params) continue
        found.push({ what: 'api', provider, pattern, route, params })
        break
      }
    return found.length > 0 ? found : here.map(({ provider }) => ({ what: 'nothing', provider }))
  }
}

function oauthPlaces(provider: Provider) {
  const { auth } = provider
  const places: { place: Place; at: (incoming: Incoming) => boolean }[] = []
  const add = (what: 'authorize' | 'decide' | 'token' | 'revoke', methods: string, address: string, under = '') => {
    const url = new URL(address)
    const place = url.host + url.pathname.replace(/\/$/, '') + under
    places.push({
      place: { what, provider },
      at: (incoming) => methods.includes(incoming.method) && incoming.place.replace(/\/$/, '') === place,
    })
  }
  if (auth.scheme === 'oauth2') {
    // First, because some providers extend tokens at the token endpoint itself, under another grant type.
    for (const { request, minAgeMs } of exchanges(auth))
      places.push({ place: { what: 'extend', provider, request, minAgeMs }, at: asksFor(request) })
    add('authorize', 'GET', auth.authorizeUrl)
    add('decide', 'POST', auth.authorizeUrl, '/decide')
    add('token', 'POST GET', auth.tokenUrl)
    if (auth.revokeUrl) add('revoke', 'POST', auth.revokeUrl)
    if (auth.app?.kind === 'client_credentials' && auth.app.tokenUrl !== auth.tokenUrl)
      add('token', 'POST', auth.app.tokenUrl)
  }
  if (auth.scheme === 'client_credentials') add('token', 'POST', auth.tokenUrl)
  return places
}

function exchanges(auth: OAuth2): { request: TokenRequest; minAgeMs: number }[] {
  const list = auth.lengthen ? [{ request: auth.lengthen, minAgeMs: 0 }] : []
  if (auth.refresh.model === 'extends') list.push(auth.refresh)
  return list
}

/** Its address, with its fixed parameters. The others are checked later, so that their absence is answered and not overlooked. */
function asksFor(request: TokenRequest) {
  const url = new URL(request.url)
  const fixed = Object.entries(request.params).filter(([, value]) => !value.includes('{'))
  return (incoming: Incoming) =>
    incoming.method === request.method &&
    incoming.place === url.host + url.pathname &&
    fixed.every(([name, value]) => (incoming.form.get(name) ?? incoming.url.searchParams.get(name)) === value)
}

function hostsOf(provider: Provider, routes: readonly { pattern: RoutePattern }[]): Set<string> {
  const { auth, api } = provider
  const addresses = [api.baseUrl, ...Object.values(api.hosts ?? {})]
  if ('authorizeUrl' in auth) addresses.push(auth.authorizeUrl)
  if ('tokenUrl' in auth) addresses.push(auth.tokenUrl)
  if (auth.scheme === 'oauth2') {
    if (auth.revokeUrl) addresses.push(auth.revokeUrl)
    if (auth.app?.kind === 'client_credentials') addresses.push(auth.app.tokenUrl)
    addresses.push(...exchanges(auth).map(({ request }) => request.url))
  }
  return new Set([...addresses.map((address) => new URL(address).host), ...routes.map(({ pattern }) => pattern.host)])
}
