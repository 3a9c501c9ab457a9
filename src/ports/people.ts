import type { Instant } from './clock.ts'

/** Somebody who signed in to the console. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly email: string
  /** `owner` may do everything; `member` may not touch keys and set-up; `viewer` only looks. */
  readonly role: 'owner' | 'member' | 'viewer'
  readonly sessionExpiresAt: Instant
}

/** Sign-in for people, behind one port so that the rest never sees a password or a session token. */
export interface People {
  /** Who a request's cookies belong to, or null. */
  personOf(headers: Readonly<Record<string, string>>): Promise<Person | null>
  /** Answers everything below `/auth/`: sign-in, sign-out, password, one-time links. */
  handle(request: Request): Promise<Response>
  /** Whether somebody ever used one of the links below. */
  ownerHasSignedIn(): Promise<boolean>
  /** A one-time address that signs the owner in: made until that has happened once, and on demand by the operator's command line. */
  ownerLink(): Promise<string>
}
