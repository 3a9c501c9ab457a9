import { type AppCredential, Fault, second } from '@patchbay/kit'
import type { Deps } from '../deps.ts'
import type { Authorization, Target } from '../http/target.ts'
import { Secret } from '../vault/secret.ts'
import type { Vault } from '../vault/vault.ts'
import { carried } from './authorization.ts'
import type { Exchange } from './exchange.ts'
import { clearIncident, raiseIncident } from './integration-incident.ts'
import { withClient, withSetting } from './integration-secrets.ts'
import type { Tokens } from './token-answer.ts'
import type { TokenCircuit } from './token-circuit.ts'
import { whileRenewing } from './while-renewing.ts'

interface Cached {
  readonly secret: Secret
  /** Of the app that it was issued to. */
  readonly app: string
  readonly issuedAt: number
  readonly expiresAt: number | null
}

/** The app's own credential, for public data. Tokens are kept in memory only: getting another one harms nobody. */
export class AppCredentials {
  readonly #deps: Deps
  readonly #vault: Vault
  readonly #exchange: Exchange
  readonly #circuit: TokenCircuit
  readonly #tokens = new Map<string, Cached>()
  readonly #asking = new Map<string, Promise<Cached>>()

  constructor(deps: Deps, vault: Vault, exchange: Exchange, circuit: TokenCircuit) {
    this.#deps = deps
    this.#vault = vault
    this.#exchange = exchange
    this.#circuit = circuit
  }

  /** Whether the app has one of its own. Without it the target's grant is used. */
  has({ provider, integration }: Pick<Target, 'provider' | 'integration'>): boolean {
    const app = appOf(provider)
    if (!app) return false
    return app.kind === 'key' ? Boolean(integration.settings[app.setting]) : integration.clientSecret !== null
  }

  async authorize<T>(target: Target, use: (authorization: Authorization) => Promise<T>): Promise<T> {
    const app = appOf(target.provider)!
    if (app.kind === 'key')
      return withSetting(this.#vault, target.provider, target.integration, app.setting, (value) =>
        use(carried(app.carry, value ?? '', 0)),
      )
    const { secret } = await this.#token(target, app)
    return use(carried(undefined, secret.reveal(), 0))
  }

  /** A token that was just issued and is refused all the same, or a key, means that the app itself is not accepted. */
  async refused(target: Target): Promise<'retry' | 'stop'> {
    const cached = this.#tokens.get(target.integration.id)
    const isOld = cached && this.#deps.clock.now() - cached.issuedAt > 10 * second
    if (isOld) this.#tokens.delete(target.integration.id)
    if (isOld || (!cached && appOf(target.provider)?.kind === 'client_credentials')) return 'retry'
    await raiseIncident(this.#deps, target.integration, 'setup.credentials', 'the app credential was refused')
    return 'stop'
  }

  async #token(target: Target, app: ClientCredentialsApp): Promise<Cached> {
    const { integration } = target
    const cached = this.#tokens.get(integration.id)
    const leftMs = cached && cached.expiresAt !== null ? cached.expiresAt - this.#deps.clock.now() : Infinity
    if (cached && cached.app === nameOf(target) && leftMs > 30 * second) return cached
    const asking = this.#asking.get(integration.id) ?? this.#ask(target, app)
    this.#asking.set(integration.id, asking)
    try {
      return await asking
    } catch (error) {
      // What still lives is used, also while the token endpoint is down.
      if (cached && cached.app === nameOf(target) && leftMs > 0) return cached
      throw error
    } finally {
      if (this.#asking.get(integration.id) === asking) this.#asking.delete(integration.id)
    }
  }

  async #ask(target: Target, app: ClientCredentialsApp): Promise<Cached> {
    const { integration } = target
    const waitMs = this.#circuit.waitMs(integration, { urgent: false })
    if (waitMs > 0) throw whileRenewing(new Fault('provider.down', undefined, { provider: target.provider.id, waitMs }))
    const reply = await withClient(this.#vault, integration, (client) =>
      this.#exchange.clientCredentials(target, app, client),
    )
    if (reply.kind === 'tokens') return this.#keep(target, reply.tokens)
    const code =
      reply.kind === 'lost' ? 'provider.timeout' : reply.kind === 'refused' ? 'setup.credentials' : reply.fault
    if (reply.kind !== 'lost') {
      this.#circuit.failed(integration, { first: (reply.kind === 'down' ? 2 : 30) * second })
      await raiseIncident(this.#deps, integration, code, reply.reason)
    }
    throw whileRenewing(new Fault(code, undefined, { provider: target.provider.id, reason: reply.reason }))
  }

  async #keep(target: Target, tokens: Tokens): Promise<Cached> {
    const { integration } = target
    this.#circuit.succeeded(integration)
    await clearIncident(this.#deps, integration)
    const cached: Cached = {
      secret: new Secret(Buffer.from(tokens.accessToken)),
      app: nameOf(target),
      issuedAt: this.#deps.clock.now(),
      expiresAt: tokens.accessExpiresAt,
    }
    this.#tokens.set(integration.id, cached)
    return cached
  }
}

type ClientCredentialsApp = Extract<AppCredential, { kind: 'client_credentials' }>

const appOf = ({ auth }: Target['provider']): AppCredential | null =>
  auth.scheme === 'oauth2' ? (auth.app ?? null) : null

const nameOf = ({ integration }: Target) => `${integration.clientId} ${integration.clientSecret}`
