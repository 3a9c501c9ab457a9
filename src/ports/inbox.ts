import type { Instant } from './clock.ts'

/** A webhook that came in, verified, as raw bytes. */
export interface Message {
  readonly id: string
  readonly environmentId: string
  readonly integrationId: string
  readonly provider: string
  /** The provider's event id or a hash of the body: the same twice is one message. */
  readonly dedupe: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly receivedAt: Instant
  readonly state: 'received' | 'processed' | 'unmatched' | 'failed'
  readonly fault: string | null
  readonly processedAt: Instant | null
}

export interface Inbox {
  /** Durable when it resolves; only then may 2xx be said. One answer per message, in order. */
  store(messages: readonly Message[]): Promise<('stored' | 'duplicate')[]>
  /** Received ones of all environments, oldest first, claimed until `until`. */
  claim(options: { now: Instant; until: Instant; limit: number }): Promise<Message[]>
  finish(environmentId: string, id: string, outcome: Pick<Message, 'state' | 'fault' | 'processedAt'>): Promise<void>
  list(environmentId: string, query: { limit: number; before?: string; state?: Message['state'] }): Promise<Message[]>
}
