import type { Instant } from './clock.ts'

/**
 * `received`: stored and to be worked through. `processed`: done. `unmatched`: about no account that is connected here, or of a kind that nobody has
 * declared; kept, and taken up again when somebody connects that account. `failed`: given up after several tries, until somebody replays it.
 */
export const messageStates = ['received', 'processed', 'unmatched', 'failed'] as const
export type MessageState = (typeof messageStates)[number]

/** A webhook that came in, verified, as raw bytes, before anybody looked at what it does. */
export interface NewMessage {
  readonly id: string
  readonly environmentId: string
  readonly integrationId: string
  readonly provider: string
  /** Which of the provider's addresses it came to, by its name in the manifest; null for the one of its webhook. */
  readonly callback: string | null
  /** The provider's event id or a hash of the body: the same twice is one message. */
  readonly dedupe: string
  /** The provider's accounts that it is about. */
  readonly accounts: readonly string[]
  /** What kinds of event it carries. */
  readonly types: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly receivedAt: Instant
  /** When the provider says that it signed it. */
  readonly signedAt: Instant | null
}

/** What a message did. Doing it again does no more. */
export interface MessageEffects {
  /** Streams that were made due; the first 100. */
  readonly woken: readonly { readonly connection: string; readonly stream: string }[]
  /** How many records were new or changed. */
  readonly records: number
  /** Connections whose access is asked about. */
  readonly checked: readonly string[]
  /** Connections that were ended and whose data was deleted. */
  readonly erased: readonly string[]
}

export interface Message extends NewMessage {
  readonly state: MessageState
  /** How often it was tried and failed. */
  readonly attempts: number
  /** When it may be worked on next. */
  readonly dueAt: Instant
  readonly fault: string | null
  /** A plain sentence: why it is as it is. */
  readonly says: string | null
  readonly effects: MessageEffects | null
  readonly processedAt: Instant | null
}

/** How a claimed message ends. Still `received`: it is tried again from `dueAt` on. */
export type MessageOutcome = Pick<
  Message,
  'id' | 'state' | 'attempts' | 'dueAt' | 'fault' | 'says' | 'effects' | 'processedAt'
>

export interface MessageQuery {
  readonly limit: number
  /** Only those before this one: newest first. */
  readonly before?: string
  readonly state?: MessageState
  readonly integrationId?: string
  /** About any of these. */
  readonly accounts?: readonly string[]
  readonly type?: string
  readonly ids?: readonly string[]
  /** Received from then on, and before then. */
  readonly from?: Instant
  readonly to?: Instant
}

export interface Inbox {
  /** Durable when it resolves; only then may 2xx be said. One answer per message, in order. Of an environment all or none are stored. */
  store(messages: readonly NewMessage[]): Promise<('stored' | 'duplicate')[]>
  /** Which environments have received ones that are due, whether or not somebody has claimed them, in the order of their ids. */
  environmentsDue(now: Instant): Promise<string[]>
  /**
   * Up to `limit` received ones of an environment that are due, oldest first, claimed until `until`, and none of the apps `without`. While one is
   * claimed, no later one about any of its accounts is given to anybody else; those of another app are other accounts. One that waits for another try
   * has stepped out of that line.
   */
  claim(
    environmentId: string,
    options: { now: Instant; until: Instant; claim: string; limit: number; without?: readonly string[] },
  ): Promise<Message[]>
  /** Ends claimed messages that are still ours. Returns how many were. */
  finish(environmentId: string, claim: string, outcomes: readonly MessageOutcome[]): Promise<number>
  /** Ends every claim of the environment: whoever held them is known to be dead. Returns how many. */
  endClaims(environmentId: string): Promise<number>
  list(environmentId: string, query: MessageQuery): Promise<Message[]>
  read(environmentId: string, id: string): Promise<Message | null>
  /** By what makes it one message; null where there is none. */
  findByDedupe(environmentId: string, integrationId: string, dedupe: string): Promise<Message | null>
  /** Makes messages that were done with received again, due at `at`. Returns how many. */
  replay(environmentId: string, ids: readonly string[], at: Instant): Promise<number>
  /**
   * Deletes what is about an account of an app, but for callbacks: what was done with, whoever else it is about, and what waits and is about nobody
   * else. Returns how many.
   */
  erase(environmentId: string, integrationId: string, account: string): Promise<number>
  /** How many wait, counted up to `limit` in the order in which they are due, and since when the oldest of those has. */
  waiting(
    environmentId: string,
    options: { limit: number },
  ): Promise<{ readonly count: number; readonly since: Instant | null }>
  /** Forgets what was done with before then, up to ten thousand. Returns how many. What still waits is kept. */
  sweep(
    environmentId: string,
    before: { readonly processed: Instant; readonly unmatched: Instant; readonly callbacks: Instant },
  ): Promise<number>
}
