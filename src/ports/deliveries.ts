import type { Along } from './along.ts'
import type { Instant } from './clock.ts'
import type { EventRecord } from './journal.ts'

/** Where an application takes events. */
export interface Endpoint {
  readonly id: string
  readonly environmentId: string
  readonly url: string
  readonly description: string
  /** `*`, `connection.*` or whole names; null for every type. */
  readonly types: readonly string[] | null
  /** Only events of these profiles; null for all, also those of none. */
  readonly profiles: readonly string[] | null
  /** One after the other, each only when the one before was taken. */
  readonly ordered: boolean
  /** The keys that sign, sealed by the vault. */
  readonly secret: string
  /** What of the keys is no secret, newest first. */
  readonly keys: readonly EndpointKey[]
  /** Nothing is handed out to it; what waits stays. */
  readonly disabled: Disabled | null
  /** Times in a row that nothing got through. */
  readonly failures: number
  readonly failingSince: Instant | null
  readonly failingSays: string | null
  /** When it was told that it fails; stays until it is told that it does not any more. */
  readonly toldAt: Instant | null
  /** Until then it is left alone. */
  readonly restUntil: Instant | null
  readonly createdAt: Instant
}

export interface EndpointKey {
  readonly id: string
  readonly kind: 'hmac' | 'ed25519'
  /** `whpk_…`; null where whoever checks needs the secret. */
  readonly publicKey: string | null
  readonly createdAt: Instant
  /** Until when it signs beside a newer one. */
  readonly until: Instant | null
}

export interface Disabled {
  /** `off`: somebody switched it off. `gone`: it answered 410. `failing`: nothing got through for days. */
  readonly reason: 'off' | 'gone' | 'failing'
  readonly at: Instant
  readonly says: string | null
}

/** What a caller may change of an endpoint. What is absent stays as it is, also whether it is on. */
export type EndpointChange = Partial<Pick<Endpoint, (typeof changeable)[number]>>
export const changeable = [
  'url',
  'description',
  'types',
  'profiles',
  'ordered',
  'disabled',
] as const satisfies readonly (keyof Endpoint)[]

/** An event for an endpoint. There is one for each pair of them, whatever happens. */
export interface Delivery {
  readonly eventId: string
  readonly endpointId: string
  /** `failed`: tried for three days. */
  readonly state: 'waiting' | 'delivered' | 'failed'
  readonly attempts: number
  readonly nextAt: Instant
  /** The last ones, oldest first. */
  readonly tries: readonly Try[]
  readonly madeAt: Instant
  readonly endedAt: Instant | null
}
export const deliveryStates = ['waiting', 'delivered', 'failed'] as const satisfies readonly Delivery['state'][]

/** One attempt. */
export interface Try {
  readonly at: Instant
  readonly durationMs: number
  /** Null when there was no answer. */
  readonly status: number | null
  /** Why it was no success. */
  readonly says: string | null
  /** The beginning of the answer. */
  readonly response: string | null
}

/** An event with its place in the order of its environment. */
export interface PlacedEvent extends EventRecord {
  readonly position: number
}

export type DeliveryWithEvent = Delivery & { readonly event: PlacedEvent }

export interface Claimed {
  readonly endpoint: Endpoint
  /** In the order of their events. */
  readonly deliveries: readonly DeliveryWithEvent[]
}

export interface Settled {
  readonly eventId: string
  readonly state: Delivery['state']
  /** When it is due again. */
  readonly nextAt: Instant
  /** Null: it was not tried, and is free again. */
  readonly tried: Try | null
}

/** How a pass over some deliveries of an endpoint went. */
export type Fared =
  | { readonly ok: true; readonly restUntil: Instant | null }
  | { readonly ok: false; readonly at: Instant; readonly says: string; readonly restUntil: Instant | null }

export type EndpointNews =
  | { readonly kind: 'failing'; readonly at: Instant }
  | { readonly kind: 'recovered' }
  | { readonly kind: 'disabled'; readonly disabled: Disabled }

export interface EventFilter {
  /** Patterns as of an endpoint. */
  readonly types?: readonly string[] | null
  readonly profiles?: readonly string[] | null
  readonly connectionId?: string
}

/** Endpoints, and what they are sent. */
export interface Deliveries {
  /** Inserts a new one. */
  saveEndpoint(endpoint: Endpoint, along: Along): Promise<void>
  /**
   * Changes what is named and nothing else, whatever happens to it at the same time. Why one is off stays when it is switched off again; switched on again
   * it starts afresh. `along` goes by how it was in the moment before. Gives it as it is then; null when it is gone: then nothing was written.
   */
  changeEndpoint(
    environmentId: string,
    id: string,
    change: EndpointChange,
    along: (before: Endpoint) => Along,
  ): Promise<Endpoint | null>
  /** Compare-and-swap of what signs. False when it is not as it was read any more: then nothing was written. */
  saveKeys(
    environmentId: string,
    id: string,
    change: Pick<Endpoint, 'secret' | 'keys'> & { readonly before: string },
    along: Along,
  ): Promise<boolean>
  /** By id, ascending. */
  endpoints(environmentId: string): Promise<Endpoint[]>
  endpoint(environmentId: string, id: string): Promise<Endpoint | null>
  /**
   * Takes an endpoint away. From then on nobody sees or claims anything of what it was sent or not; `sweep` forgets that, which may be millions of rows. False
   * when there was none.
   */
  removeEndpoint(environmentId: string, id: string, along: Along): Promise<boolean>

  /**
   * Gives committed events that have none their place, and in the same step makes their deliveries: for every endpoint that is on and wants them. Which
   * events those are is seen in themselves, so one that commits late is found late and not passed by, and a crash in between loses nothing. However many
   * do so at the same time, each event gets one place. An endpoint is not sent what is told of itself. Returns how many there were, and the last place.
   */
  place(environmentId: string, options: { now: Instant; limit: number }): Promise<{ placed: number; head: number }>
  /** Whether events wait for their place, and which endpoints have something that is due, longest due first. */
  look(environmentId: string, now: Instant): Promise<{ unplaced: boolean; due: string[] }>
  /**
   * How many wait for endpoints that are on, counted up to `limit`, and since when the most overdue of those that are not left alone just now has been due;
   * null when none is.
   */
  waiting(
    environmentId: string,
    options: { now: Instant; limit: number },
  ): Promise<{ readonly count: number; readonly since: Instant | null }>
  /**
   * What is due of an endpoint, each with its event; nobody else gets it until `until`. While nothing gets through to it, `limitWhileFailing` of them. Of an
   * ordered endpoint only from the front, and only while nobody else has any. Gives the endpoint as it was then, too; null while it is off or rests. A
   * claim may be forgotten when the store itself breaks down, which has the same end as one that ran out.
   */
  claim(
    environmentId: string,
    endpointId: string,
    options: { claim: string; now: Instant; until: Instant; limit: number; limitWhileFailing: number },
  ): Promise<Claimed | null>
  /**
   * What became of claimed ones; they are free again. That one was taken counts whoever says so. What else is said counts only while the claim is still
   * one's own.
   */
  settle(environmentId: string, endpointId: string, claim: string, settled: readonly Settled[]): Promise<void>
  /** Writes down how an endpoint fares, and gives it as it is then; null when it is gone. */
  fared(environmentId: string, endpointId: string, fared: Fared): Promise<Endpoint | null>
  /** Tells of it, once: false when it was told already or is not so any more. That one fails or has recovered is said only of one that is on. */
  tell(environmentId: string, endpointId: string, news: EndpointNews, along: Along): Promise<boolean>

  /** Makes one due as if it had never been tried. False when there is no such event or endpoint. */
  resend(environmentId: string, eventId: string, endpointId: string, now: Instant): Promise<boolean>
  /**
   * Makes due what an endpoint wants of the events since then and has not taken: what was given up, what waits and nobody is
   * sending, and what was never meant for it because it was off. By place, after `after`, `limit` at once; `next` is where to go on, null at the end.
   */
  recover(
    environmentId: string,
    endpointId: string,
    options: { since: Instant; now: Instant; after: number; limit: number },
  ): Promise<{ recovered: number; next: number | null }>

  /** Newest event first, by their places, after that one. Nothing after one whose event was forgotten: what is older was forgotten too. */
  list(
    environmentId: string,
    query: {
      endpointId?: string
      eventId?: string
      state?: Delivery['state']
      type?: string
      limit: number
      before?: { eventId: string; endpointId: string }
    },
  ): Promise<DeliveryWithEvent[]>
  delivery(environmentId: string, eventId: string, endpointId: string): Promise<DeliveryWithEvent | null>

  /** Events that have a place after that one, in their order. */
  eventsAfter(environmentId: string, query: EventFilter & { after: number; limit: number }): Promise<PlacedEvent[]>
  /** The last place, and the last one whose event was forgotten. */
  places(environmentId: string): Promise<{ head: number; swept: number }>
  /**
   * Forgets deliveries that were given up before then, deliveries of endpoints that were taken away, and events that happened before then, up to `mostSwept`
   * of each, and every delivery of those events. What was taken is known for as long as its event is kept, so that `recover` does not send it again. Returns
   * how many of the three: with as many there may be more.
   */
  sweep(environmentId: string, before: { readonly failed: Instant; readonly events: Instant }): Promise<number>
}

/** How many tries of a delivery are kept. */
export const mostTries = 10
/** As many as are forgotten at once: with an event go the deliveries of all its endpoints, and meanwhile no other event is given its place. */
export const mostSwept = 1_000
