import type { Instant } from './clock.ts'

/** An invitation to connect: 256 bits that only the application and the browser know; here only their hash. */
export interface ConnectSession {
  readonly id: string
  readonly environmentId: string
  readonly tokenHash: string
  readonly profileId: string
  /** Null: every enabled integration of the environment. */
  readonly integrationIds: readonly string[] | null
  readonly inputs: Readonly<Record<string, string>>
  readonly returnUrl: string | null
  /** The connection to renew; its integration and account are then fixed. */
  readonly reconnect: string | null
  /** Hash of the browser's cookie, set on first use. Nobody else's browser may go on. */
  readonly browserHash: string | null
  readonly expiresAt: Instant
  /** Set when a connection came out of it. It serves once. */
  readonly usedAt: Instant | null
  readonly result: ConnectResult | null
  /** Who came back from the platform instead of the account's owner; null while nobody else has. */
  readonly mismatch: Mismatch | null
  readonly createdAt: Instant
}

/** Another account than the one that is to be renewed. */
export interface Mismatch {
  readonly accountId: string
  /** As the person knows it: a handle, or a name. */
  readonly name: string
}

export type ConnectResult =
  | { readonly connectionIds: readonly string[] }
  | { readonly fault: string; readonly says: string }

/** One trip to the provider and back. Found by the hash of `state`, and gone when read. */
export interface Flow {
  readonly stateHash: string
  readonly environmentId: string
  readonly sessionId: string
  readonly integrationId: string
  readonly browserHash: string
  /** PKCE verifier, sealed. */
  readonly verifier: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly inputs: Readonly<Record<string, string>>
  /** The other account that came back from a reconnect is wanted as a connection of its own. */
  readonly asNew: boolean
  readonly expiresAt: Instant
}

/** Sessions and flows are looked up before the environment is known, by hashes that cannot be guessed. */
export interface Flows {
  createSession(session: ConnectSession): Promise<void>
  sessionByToken(tokenHash: string): Promise<ConnectSession | null>
  session(id: string): Promise<ConnectSession | null>
  /** Ties the session to a browser if it is tied to none. False when another browser has it. */
  bind(sessionId: string, browserHash: string): Promise<boolean>
  /** Marks it used, once. False when it already was. */
  finish(sessionId: string, result: ConnectResult, at: Instant): Promise<boolean>
  /** Remembers who came back instead, for what the page offers next. */
  noteMismatch(sessionId: string, mismatch: Mismatch): Promise<void>
  createFlow(flow: Flow): Promise<void>
  /** Reads and deletes in one statement: of 50 parallel callers one gets it. */
  takeFlow(stateHash: string): Promise<Flow | null>
  /** Deletes what expired before that. Returns how many. */
  sweep(before: Instant): Promise<number>
}
