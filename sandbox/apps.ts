import type { Provider } from '@patchbay/kit'
import type { Chance } from './chance.ts'

/** An application as a developer registers it at a provider. */
export interface App {
  readonly provider: string
  readonly name: string
  readonly clientId: string
  /** Null for a public client, which proves itself by PKCE alone. */
  readonly clientSecret: string | null
  readonly redirectUris: readonly string[]
  /** Takes every address of this machine without registering it. */
  readonly anyLoopback: boolean
  /** What the provider knows about the app: `{ mode: 'dev' }`, and its keys. */
  readonly settings: Readonly<Record<string, string>>
}

export type NewApp = Pick<App, 'provider'> & Partial<Omit<App, 'provider'>>

/** The applications that are registered. Each provider has one from the start, the same for the same seed. */
export class Apps {
  readonly #byId = new Map<string, App>()
  readonly #providers: readonly Provider[]
  readonly #chance: Chance

  constructor(
    providers: readonly Provider[],
    chance: Chance,
    settings: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
  ) {
    this.#providers = providers
    this.#chance = chance
    for (const provider of providers) this.register({ provider: provider.id, settings: settings[provider.id] })
  }

  /** Adds an app, or changes the one with that client id. The provider's first app is meant when none is named and it has no name of its own. */
  register(app: NewApp): App {
    const provider = this.#providers.find(({ id }) => id === app.provider)
    if (!provider) throw new RangeError(`there is no provider ${app.provider} in this sandbox`)
    const nth = app.name === undefined || app.clientId !== undefined ? '' : `/${app.name}`
    const clientId = app.clientId ?? this.#chance.text(`app/${provider.id}${nth}/id`, 32, '0123456789abcdef')
    const before = this.#byId.get(key(provider.id, clientId))
    const secret = before?.clientSecret ?? this.#chance.text(`app/${provider.id}/${clientId}/secret`, 40)
    const added: App = {
      provider: provider.id,
      name: app.name ?? before?.name ?? 'Patchbay',
      clientId,
      clientSecret: app.clientSecret === undefined ? secret : app.clientSecret,
      redirectUris: app.redirectUris ?? before?.redirectUris ?? [],
      anyLoopback: app.anyLoopback ?? before?.anyLoopback ?? app.redirectUris === undefined,
      settings: { ...this.#initialSettings(provider, clientId), ...before?.settings, ...app.settings },
    }
    this.#byId.set(key(provider.id, clientId), added)
    return added
  }

  list(provider?: string): App[] {
    return [...this.#byId.values()].filter((app) => provider === undefined || app.provider === provider)
  }

  find(provider: string, clientId: string | null): App | null {
    return clientId === null ? null : (this.#byId.get(key(provider, clientId)) ?? null)
  }

  /** The app that has this key among its settings. */
  findByKey(provider: string, setting: string, value: string): App | null {
    return this.list(provider).find(({ settings }) => settings[setting] === value) ?? null
  }

  /** The one that was there first. */
  first(provider: string): App {
    return this.list(provider)[0]!
  }

  #initialSettings(provider: Provider, clientId: string): Record<string, string> {
    const settings: Record<string, string> = {}
    for (const [name, { initial }] of Object.entries(provider.settings ?? {}))
      if (initial !== undefined) settings[name] = initial
    if (provider.auth.scheme === 'oauth2' && provider.auth.app?.kind === 'key')
      settings[provider.auth.app.setting] = this.#chance.text(`app/${provider.id}/${clientId}/key`, 39)
    return settings
  }
}

/** Exactly a registered address; or any of this machine, where the app takes those. */
export function acceptsRedirect(app: App, address: string | null): address is string {
  if (address === null || !URL.canParse(address)) return false
  if (app.redirectUris.includes(address)) return true
  const { protocol, hostname } = new URL(address)
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
  return app.anyLoopback && loopback && (protocol === 'http:' || protocol === 'https:')
}

const key = (provider: string, clientId: string) => `${provider}\n${clientId}`
