import type { Carry } from './auth.ts'
import type { Json } from './json.ts'
import type { MetricKey } from './metrics.ts'
import type { Day } from './time.ts'

/**
 * The sandbox's one truth: fictional artists, what they release, and numbers that grow day by day. Everything is a pure function of the seed, a key
 * and a day, so that every emulator, test and replay sees the same world.
 */
export interface World {
  readonly seed: string
  readonly artists: readonly Artist[]
  /** First day with numbers. */
  readonly since: Day
  /** A number in [0, 1) that belongs to that key. */
  unit(key: string): number
  /** A whole number from `low` to `high`, both included, that belongs to that key. */
  integer(key: string, low: number, high: number): number
  /** Text of that length over an alphabet, that belongs to that key. */
  text(key: string, length: number, alphabet?: string): string
  /** The amount of that day (UTC or whatever day the caller means): never negative, grows over the years, dances with the week, jumps after releases. */
  amount(key: string, shape: Shape, day: Day): number
  /** Start plus every amount from `since` to that day, included. Never falls. */
  total(key: string, shape: Shape, day: Day): number
}

/** How a number grows. */
export interface Shape {
  readonly artist: Artist
  /** Level before the first day. 0 when absent. */
  readonly start?: number
  /** Typical amount a day at the end of history for an artist of fame 1. */
  readonly perDay: number
  /** First day on which anything happens, such as the day a video came out. */
  readonly from?: Day
  /** `steady` for audiences; `burst` for something new that fades. */
  readonly form?: 'steady' | 'burst'
}

export interface Artist {
  readonly index: number
  /** `nova-reef`: also the persona's name on consent pages. */
  readonly key: string
  readonly name: string
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  readonly genre: string
  /** 0 unknown – 1 very well known, on a log scale. */
  readonly fame: number
  readonly releases: readonly Release[]
}

export interface Release {
  readonly key: string
  readonly title: string
  readonly kind: 'album' | 'single'
  readonly day: Day
  readonly upc: string
  readonly tracks: readonly {
    readonly key: string
    readonly title: string
    readonly isrc: string
    readonly durationMs: number
    readonly number: number
  }[]
}

/** One request at the emulator, after the sandbox checked token, scopes and quota. */
export interface EmulatorCall {
  readonly method: string
  /** The real address, as the provider would see it: `https://api.spotify.com/v1/me`. */
  readonly url: URL
  /** Values of `{name}` segments. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly body: Json
  readonly form: URLSearchParams
  readonly world: World
  /** The artist whose account the token belongs to; null with an app's own token or none. */
  readonly artist: Artist | null
  readonly scopes: readonly string[]
  /** The app's settings in the sandbox: `{ mode: 'dev' }`. */
  readonly app: { readonly clientId: string; readonly settings: Readonly<Record<string, string>> }
  readonly now: number
  today(zone?: string): Day
  /** What writes have left behind, one map a provider, kept while the sandbox runs. */
  readonly memory: Map<string, Json>
  /** Something unique: counts up. */
  id(prefix?: string): string
  /** Whom the platform tells of what. */
  readonly subscriptions: EmulatedSubscriptions
}

/** That a platform tells of one artist’s account. */
export interface EmulatedSubscription {
  /** What it is called at the platform: an account’s id, a feed’s address. One a topic and address. */
  readonly topic: string
  readonly artist: string
  /** The app whose address is told; null where the subscription has an address of its own. */
  readonly app: string | null
  readonly callback: string | null
  /** What its messages are signed with, where the subscriber says so. */
  readonly secret: string | null
  /** Kinds of events; null for all. */
  readonly kinds: readonly string[] | null
  /** For how long it holds; null for ever. */
  readonly leaseMs: number | null
}

export interface EmulatedSubscriptions {
  /** Begins one, or replaces it. Where the platform asks the address first, it holds once that has answered. */
  begin(subscription: EmulatedSubscription): void
  end(topic: string, address: { app: string } | { callback: string }): void
  /** Those that hold now. */
  of(topic: string): readonly EmulatedSubscription[]
}

export interface EmulatorReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Json
}

/** An answer other than 200: `reply(404, { error: … })`. */
export const reply = (status: number, body: Json, headers?: Readonly<Record<string, string>>): EmulatorReply => ({
  status,
  body,
  headers,
})

export interface Route {
  /** Without one of these scopes: the emulator's `refuse.scope`. */
  readonly scopes?: readonly string[]
  /** `account`: needs a user's token. `any`: also an app's. `none`: open. `account` when absent. */
  readonly auth?: 'account' | 'any' | 'none'
  readonly handle: (call: EmulatorCall) => Json | EmulatorReply
}

/** What an emulator says about one account on one day: the truth that unified numbers are compared with. It never looks at an answer. */
export interface Truth {
  readonly metric: MetricKey
  readonly day: Day
  readonly value: number | null
  readonly item?: string
  readonly dimensions?: Readonly<Record<string, string>>
}

/** Something that a platform tells of. */
export interface EmulatedEvent {
  readonly kind: string
  readonly artist: Artist
  readonly at: number
  readonly data: Json
}

/** What a platform sends by itself, in its dialect. Signing, trying again, leases and weather are the sandbox’s. */
export interface EmulatedWebhooks {
  /** The sandbox’s signer, such as `meta`: it shares nothing with the connector’s verification. */
  readonly signs: string
  readonly contentType: string
  /** Waits before each further try after anything but 2xx, and how long it waits for that. */
  readonly retriesMs: readonly number[]
  readonly timeoutMs: number
  readonly source: string
  /** How many events one message may hold. 1 when absent. */
  readonly mostEvents?: number
  /** What an address is asked before its first message; it has to answer with the challenge. Asks nothing when absent. */
  readonly ask?: (about: {
    readonly mode: 'subscribe' | 'unsubscribe'
    readonly topic: string | null
    readonly leaseSeconds: number | null
    /** What the app’s owner typed in beside the address. */
    readonly verifyToken: string
    readonly challenge: string
  }) => Readonly<Record<string, string>>
  /** Kinds of events, each with what it says. `key` belongs to that event. */
  readonly kinds: Readonly<Record<string, (about: EmulatedEventContext) => Json>>
  /** What happened to an artist after `from` and up to `to`, in order. Each `key` gives one event. */
  readonly happened: (
    artist: Artist,
    world: World,
    from: number,
    to: number,
  ) => Iterable<{ readonly kind: string; readonly key: string; readonly at: number }>
  /** The topic that tells of an artist’s account. */
  readonly topic: (artist: Artist, world: World) => string
  /** One message’s body. */
  readonly write: (events: readonly EmulatedEvent[], world: World) => string
}

export interface EmulatedEventContext {
  readonly artist: Artist
  readonly world: World
  readonly key: string
  readonly at: number
}

/** The other side of a connector, in the provider's exact dialect. OAuth, token and quota bookkeeping come from the sandbox; the words come from here. */
export interface Emulator {
  /** `GET api.spotify.com/v1/artists/{id}` → what it answers. */
  readonly routes: Readonly<Record<string, Route | Route['handle']>>
  /** How this provider says no. */
  readonly refuse: {
    readonly unauthorized: (why: 'missing' | 'invalid' | 'expired' | 'revoked') => EmulatorReply
    readonly scope: (needed: readonly string[]) => EmulatorReply
    /** `waitMs` until the bucket has room. */
    readonly quota: (quota: string, waitMs: number) => EmulatorReply
    readonly down: () => EmulatorReply
    readonly missing: () => EmulatorReply
  }
  readonly webhooks?: EmulatedWebhooks
  /** Headers on every answer, such as usage: given the share (0–1) that each quota is used. */
  readonly headers?: (used: Readonly<Record<string, number>>, call: EmulatorCall) => Readonly<Record<string, string>>
  /** The OAuth side where it differs from RFC 6749. */
  readonly oauth?: {
    /** The token endpoint's answer. RFC 6749's when absent. */
    readonly answer?: (grant: {
      accessToken: string
      refreshToken: string | null
      expiresInSeconds: number
      scopes: readonly string[]
      account: EmulatedAccount
    }) => Json
    /** Lifetime of an access token in seconds. 3600 when absent. */
    readonly accessLifetimeSeconds?: number
    /** Lifetime after the token was lengthened or extended. 60 days after a `lengthen`, else that of an access token, when absent. */
    readonly longLifetimeSeconds?: number
    /** A second place where the provider takes the token, for clients that are not ours. */
    readonly alsoCarry?: Carry
    /** Added to the code in the callback address, such as `#_`. */
    readonly codeSuffix?: string
    /** The token endpoint's errors. RFC 6749's when absent. */
    readonly error?: (error: string, description: string) => EmulatorReply
    /** True when a refresh answers with a new refresh token and retires the old one. */
    readonly rotates?: boolean
    /** A code's or token's own form, such as `ya29.`. */
    readonly tokenPrefix?: { readonly access: string; readonly refresh: string; readonly code: string }
    /** Issued without a refresh token unless asked so: `(query) => query.get('access_type') === 'offline'`. */
    readonly offline?: (query: URLSearchParams) => boolean
  }
  /** The artist's account at this provider. `inputs` is what the connect page would be told. */
  readonly account: (artist: Artist, world: World) => EmulatedAccount
  /** The metrics of that account for every day from `from` to `to` that a connector can know on day `to` (for gauges: `to` only). */
  readonly truth: (
    artist: Artist,
    world: World,
    days: { from: Day; to: Day; now: number; settings: Readonly<Record<string, string>> },
  ) => Iterable<Truth>
}

export interface EmulatedAccount {
  readonly id: string
  readonly name: string
  readonly handle?: string
  /** Who consents, when it is not the account itself. */
  readonly subject?: string
  readonly inputs?: Readonly<Record<string, string>>
}

/** Declares an emulator. */
export const defineEmulator = (emulator: Emulator): Emulator => emulator
