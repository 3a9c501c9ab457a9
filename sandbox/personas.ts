import type { Artist, EmulatedAccount, Provider, World } from '@patchbay/kit'

/** An artist as a provider knows them. `credentials` is what the connect page asks for where there is no consent page: a key, or name and password. */
export interface Persona {
  readonly artist: Artist
  readonly account: EmulatedAccount
  readonly credentials: Readonly<Record<string, string>>
}

/** The artists of the world as accounts of each provider, found by key or by credential. */
export class Personas {
  readonly #world: World
  readonly #accounts: Readonly<Record<string, Partial<EmulatedAccount>>>
  readonly #byKey: ReadonlyMap<string, Artist>
  readonly #byCredential = new Map<string, Map<string, Artist>>()

  /** `accounts`: what a replay says about the account at a provider, whoever the persona is. */
  constructor(world: World, accounts: Readonly<Record<string, Partial<EmulatedAccount>>> = {}) {
    this.#world = world
    this.#accounts = accounts
    this.#byKey = new Map(world.artists.map((artist) => [artist.key, artist]))
  }

  artist(key: string | null): Artist | null {
    return key === null ? null : (this.#byKey.get(key) ?? null)
  }

  account(provider: Provider, artist: Artist): EmulatedAccount {
    return { ...provider.emulator.account(artist, this.#world), ...this.#accounts[provider.id] }
  }

  persona(provider: Provider, artist: Artist): Persona {
    return {
      artist,
      account: this.account(provider, artist),
      credentials: credentialsOf(this.#world, provider, artist),
    }
  }

  /** Whose credential this is. `parts` in the order of the fields: the key, or name and password. */
  find(provider: Provider, parts: readonly string[]): Artist | null {
    let known = this.#byCredential.get(provider.id)
    if (!known) {
      known = new Map(
        this.#world.artists.map((artist) => [
          Object.values(credentialsOf(this.#world, provider, artist)).join('\n'),
          artist,
        ]),
      )
      this.#byCredential.set(provider.id, known)
    }
    return known.get(parts.join('\n')) ?? null
  }

  /** Credentials follow from how a provider takes them, which may have changed. */
  forget(providerId: string): void {
    this.#byCredential.delete(providerId)
  }

  /** Those whose name, key, genre or country has the text in it. */
  search(text: string): Artist[] {
    const wanted = text.trim().toLowerCase()
    if (wanted === '') return [...this.#world.artists]
    return this.#world.artists.filter((artist) =>
      [artist.name, artist.key, artist.genre, artist.country].some((value) => value.toLowerCase().includes(wanted)),
    )
  }
}

function credentialsOf(world: World, { id, auth }: Provider, artist: Artist): Record<string, string> {
  const secret = (field: string, length: number) => world.text(`credential/${id}/${artist.key}/${field}`, length)
  if (auth.scheme === 'api_key') return { key: secret('key', 40) }
  if (auth.scheme === 'basic') return { username: secret('username', 16), password: secret('password', 32) }
  if (auth.scheme === 'client_credentials')
    return { clientId: secret('clientId', 24), clientSecret: secret('clientSecret', 40) }
  return {}
}
