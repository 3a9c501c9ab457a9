import type { Instant } from './clock.ts'

/** `owner` may do everything; `member` may not touch keys and set-up; `viewer` only looks. */
export const roles = ['owner', 'member', 'viewer'] as const
export type Role = (typeof roles)[number]

/** Somebody who may sign in to the console. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: Role
}

/** In characters. */
export const passwordLength = { min: 12, max: 128 } as const

/** One with what they and the owners are told. */
export interface KnownPerson extends Person {
  /** False for the first owner, whose address is made up until they enter one. */
  readonly hasOwnAddress: boolean
  readonly createdAt: Instant
  readonly lastSignInAt: Instant | null
  /** Whether they ever used a link or a password. */
  readonly hasSignedIn: boolean
  readonly hasPassword: boolean
}

/** A one-time address that signs somebody in. Nobody sends it: whoever asked for it hands it over. */
export interface SignInLink {
  readonly link: string
  readonly endsAt: Instant
}

/** The cookies by which somebody is known. */
type Headers = Readonly<Record<string, string>>

/**
 * Sign-in for people, behind one port so that the rest never sees a session token. What fails throws a Fault: `input.conflict` with the field `email` for an
 * address that somebody else has, and without one for the last owner, who can neither be removed nor become less.
 */
export interface People {
  /** Who a request's cookies belong to, or null. */
  personOf(headers: Headers): Promise<Person | null>
  /** The same, with all that is known of them. */
  ownOf(headers: Headers): Promise<KnownPerson | null>
  /** Answers what is needed of `/auth/`: sign-in, sign-out, one-time links. Throws `input.throttled` for whoever tries many passwords. */
  handle(request: Request): Promise<Response>
  /** Whether somebody ever used one of the links below. */
  ownerHasSignedIn(): Promise<boolean>
  /** A one-time address that signs the first owner in: made until that has happened once, and on demand by the operator's command line. */
  ownerLink(): Promise<string>

  /** Everybody, at most 500, the first ones first. */
  list(): Promise<KnownPerson[]>
  /** Throws `input.invalid` when there are 500 already. */
  invite(person: Omit<Person, 'id'>): Promise<KnownPerson & SignInLink>
  /** Ends the links that were made for them before. Null when there is nobody of that id. */
  linkFor(id: string): Promise<SignInLink | null>
  changeRole(id: string, role: Role): Promise<KnownPerson | null>
  /** Their sessions and links end with it. False when there is nobody of that id. */
  remove(id: string): Promise<boolean>

  /** What somebody changes of themselves. Throws `input.unauthenticated` for nobody. */
  changeOwn(headers: Headers, change: { readonly name?: string; readonly email?: string }): Promise<void>
  /**
   * Sets the password of whoever is signed in, and ends their other sessions. Who has one and did not sign in lately says it (`current`): else
   * `input.forbidden`, or `input.invalid` for a wrong one, both with that field.
   */
  setOwnPassword(headers: Headers, change: { readonly password: string; readonly current?: string }): Promise<void>
}
