import type { Action } from './action.ts'
import type { Auth, Fields } from './auth.ts'
import type { Emulator } from './emulator.ts'
import type { Hedge } from './hedge.ts'
import type { Errors, Http, RunTime } from './http.ts'
import type { Cost, Quota } from './quota.ts'
import type { Account, Stream } from './stream.ts'
import type { Webhooks } from './webhook.ts'

export interface IdentifyContext {
  readonly http: Http
  /** The answers to `inputs`. */
  readonly inputs: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, string>>
  readonly time: RunTime
}

export interface Identity {
  /** Who consented. A reconnect by anybody else is refused. */
  readonly subject: { readonly id: string; readonly name: string }
  /** The accounts that this consent reaches. Empty is a mistake: throw `connection.unsuitable` and say why. */
  readonly accounts: readonly Account[]
}

/** A platform, as data. See CONTRIBUTING.md, "Add a provider". */
export interface Provider {
  /** Lower case, also the folder's name and the start of its environment variables. */
  readonly id: string
  readonly name: string
  readonly category: 'social' | 'music' | 'payments' | 'messaging' | 'ai' | 'marketing' | 'cloud'
  /** One sentence: what connecting it gives. */
  readonly summary: string
  readonly docs: string
  /** The environment that registered it. Absent in the catalog. What is counted for all environments together is counted in that one alone. */
  readonly ownedBy?: string
  /** What the account must be before consent can work, each with how to get there. Shown before the redirect. */
  readonly preflight?: readonly string[]

  readonly auth: Auth
  /** What the integration's owner sets besides the app's id and secret. */
  readonly settings?: Fields
  /** What the account's owner is asked on the connect page, because the platform cannot tell. */
  readonly inputs?: Fields

  readonly api: {
    readonly baseUrl: string
    /** More base addresses by name. */
    readonly hosts?: Readonly<Record<string, string>>
    /** Named hosts that want no credential: none is ever sent there. */
    readonly bareHosts?: readonly string[]
    /** Sent with every call. */
    readonly headers?: Readonly<Record<string, string>>
    readonly quotas: readonly Quota[]
    readonly costs?: readonly Cost[]
    /** Reads that may be asked for a second time while the first has no answer. None when absent: each request costs quota. */
    readonly hedges?: readonly Hedge[]
    readonly errors: Errors
  }

  /** Asks the platform who consented and for which accounts. */
  readonly identify: (context: IdentifyContext) => Promise<Identity>
  /** Cheap proof that a connection still works, for one account. `identify` when absent. */
  readonly probe?: (context: IdentifyContext) => Promise<unknown>

  readonly streams: Readonly<Record<string, Stream>>
  readonly actions?: Readonly<Record<string, Action>>
  readonly webhooks?: Webhooks
  /** Numbers people expect and the platform does not give, each with why: shown as null with the reason, never estimated. */
  readonly notOffered?: Readonly<Record<string, string>>
  /** When the provider changed what a metric means. Growth stops there. */
  readonly epochs?: readonly {
    readonly metric: string
    readonly version: string
    readonly from: string
    readonly source: string
  }[]

  /** The other side, for the sandbox. */
  readonly emulator: Emulator
}

/** Declares a provider. */
export const defineProvider = (provider: Provider): Provider => provider
