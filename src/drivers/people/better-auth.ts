import { AsyncLocalStorage } from 'node:async_hooks'
import { Fault, isFault, minute } from '@patchbay/kit'
import { betterAuth } from 'better-auth'
import { magicLink } from 'better-auth/plugins/magic-link'
import pg from 'pg'
import type { Log } from '../../ports/log.ts'
import {
  type KnownPerson,
  type People,
  type Person,
  passwordLength,
  type Role,
  type SignInLink,
} from '../../ports/people.ts'
import { DatabaseError, toDatabaseError } from '../database/database-error.ts'
import { PasswordTries } from './password-tries.ts'

export interface PeopleOptions {
  /** PostgreSQL connection string. Its tables are those of `db/migrations/0002-people.sql`, in the schema `people`. */
  readonly connection: string
  readonly publicUrl: string
  /** Signs session cookies; the same in every process of an installation. */
  readonly secret: string
  readonly log: Log
  /** Milliseconds since 1970, for tests. */
  readonly now?: () => number
}

/** Who the first-start link signs in, until they enter an address of their own. */
const owner = { email: 'owner@patchbay.invalid', name: 'Owner' }
const linkLifetimeSeconds = 7 * 24 * 3600
/** Whoever signed in so lately has just shown who they are. */
const freshMs = 15 * minute
const mostPeople = 500

/** All that is served of the library. Whatever else it offers, such as signing up or asking for a link, is not there. */
const served: ReadonlySet<string> = new Set(['/auth/sign-in/email', '/auth/sign-out', '/auth/magic-link/verify'])

/** Sign-in by better-auth: password or one-time link. Nobody can sign up; an owner invites. */
export function openPeople(options: PeopleOptions): People & { close(): Promise<void> } {
  const now = options.now ?? Date.now
  const pool = new pg.Pool({
    connectionString: options.connection,
    max: 3,
    application_name: 'patchbay people',
    options: '-c role=patchbay_people -c search_path=people -c TimeZone=UTC',
    idleTimeoutMillis: 60_000,
    // A page waits so long for who looks at it, and no longer.
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
  })
  pool.on('error', (error) => options.log.warn('people.connection_lost', { message: error.message }))
  // The library does not listen to a connection that it has taken: should the database go away just then, that would end the process (F83). The query
  // itself fails anyway.
  pool.on('connect', (client) => void client.on('error', () => {}))
  /** Where the library puts the link that is being made: of several at the same time each has its own. */
  const making = new AsyncLocalStorage<{ link: string }>()
  const tries = new PasswordTries(now)
  const auth = betterAuth({
    baseURL: options.publicUrl,
    basePath: '/auth',
    secret: options.secret,
    database: pool,
    trustedOrigins: [options.publicUrl],
    emailAndPassword: {
      ...{ enabled: true, disableSignUp: true },
      ...{ minPasswordLength: passwordLength.min, maxPasswordLength: passwordLength.max },
    },
    user: {
      additionalFields: {
        role: { type: 'string', required: false, defaultValue: 'viewer', input: false },
        lastSignInAt: { type: 'date', required: false, input: false },
      },
    },
    session: { expiresIn: 7 * 24 * 3600, updateAge: 24 * 3600 },
    databaseHooks: {
      session: {
        create: {
          async after({ userId }) {
            await run('update "user" set "lastSignInAt" = current_timestamp where id = $1', [userId])
          },
        },
      },
    },
    advanced: { cookiePrefix: 'patchbay', useSecureCookies: options.publicUrl.startsWith('https:') },
    plugins: [
      magicLink({
        disableSignUp: true,
        storeToken: 'hashed',
        expiresIn: linkLifetimeSeconds,
        sendMagicLink({ url }) {
          making.getStore()!.link = url
        },
      }),
    ],
    telemetry: { enabled: false },
    logger: {
      log: (level, message) => options.log[level === 'error' ? 'warn' : 'debug']('people.library', { message }),
    },
  })

  return {
    async personOf(headers) {
      return (await sessionOf(headers))?.person ?? null
    },

    async ownOf(headers) {
      const found = await sessionOf(headers)
      return found && read(found.person.id)
    },

    async handle(request) {
      const { pathname } = new URL(request.url)
      if (!served.has(pathname)) return new Response(null, { status: 404 })
      if (pathname !== '/auth/sign-in/email') return auth.handler(request)
      const email = await emailIn(request)
      if (email === null) return auth.handler(request)
      const nobodyLooked = tries.begin(email)
      const answer = await auth.handler(request).catch((error: unknown) => {
        nobodyLooked()
        throw error
      })
      if (answer.ok) tries.right(email)
      else if (answer.status !== 401) nobodyLooked()
      return answer
    },

    async ownerHasSignedIn() {
      return (await firstOwner())?.hasSignedIn === true
    },

    async ownerLink() {
      const found = await firstOwner()
      if (!found)
        await create({ ...owner, role: 'owner' }).catch((error: unknown) => {
          // Another process that starts was quicker.
          if (!isFault(error, 'input.conflict')) throw error
        })
      return (await linkOf(found?.email ?? owner.email)).link
    },

    async list() {
      const rows = await run<Row>(`${selectPeople} order by "createdAt", id limit $1`, [mostPeople])
      return rows.map(toPerson)
    },

    async invite({ name, email, role }) {
      const [all] = await run<{ count: number }>('select count(*)::int as count from "user"', [])
      if (all!.count >= mostPeople)
        throw new Fault('input.invalid', `There are ${mostPeople} people already. Remove somebody first.`)
      const person = (await read(await create({ name, email: email.toLowerCase(), role })))!
      return { ...person, ...(await linkOf(person.email)) }
    },

    async linkFor(id) {
      const person = await read(id)
      if (!person) return null
      await endLinks(person.email)
      return linkOf(person.email)
    },

    async changeRole(id, role) {
      const changed = await run(setRole, [id, role])
      const person = await read(id)
      if (person && changed.length === 0) throw isLastOwner()
      return person
    },

    async remove(id) {
      const person = await read(id)
      if (!person) return false
      const removed = await run(removeUser, [id])
      if (removed.length === 0 && (await read(id))) throw isLastOwner()
      await endLinks(person.email)
      return removed.length > 0
    },

    async changeOwn(headers, { name, email }) {
      const { person } = await signedIn(headers)
      const values = [person.id, name ?? null, email?.toLowerCase() ?? null]
      await run(
        'update "user" set name = coalesce($2, name), email = coalesce($3, email), "updatedAt" = current_timestamp where id = $1',
        values,
      ).catch(rethrowTaken)
      // Whoever has the address next is somebody else.
      if (email !== undefined) await endLinks(person.email)
    },

    async setOwnPassword(headers, { password, current }) {
      const { person, token, signedInAt } = await signedIn(headers)
      const { id, email } = person
      const { internalAdapter, password: hashing } = await auth.$context
      const before = await internalAdapter.findCredentialAccount(id)
      if (before?.password) {
        if (current === undefined && now() - signedInAt > freshMs)
          throw new Fault('input.forbidden', 'Say your password of now, too.', { field: 'current' })
        if (current !== undefined) {
          tries.begin(email)
          if (!(await hashing.verify({ hash: before.password, password: current })))
            throw new Fault('input.invalid', 'That is not your password of now.', { field: 'current' })
          tries.right(email)
        }
      }
      const hash = await hashing.hash(password)
      if (before) await internalAdapter.updateAccount(before.id, { password: hash })
      else await internalAdapter.linkAccount({ userId: id, providerId: 'credential', accountId: id, password: hash })
      await run('delete from session where "userId" = $1 and token <> $2', [id, token])
    },

    close: () => pool.end(),
  }

  async function sessionOf(headers: Readonly<Record<string, string>>) {
    const found = await auth.api.getSession({ headers: new Headers(headers) }).catch(rethrowCause)
    if (!found) return null
    const { user, session } = found
    const { id, name, email } = user
    const person: Person = { id, name, email, role: roleOf(user.role ?? null) }
    return { person, token: session.token, signedInAt: session.createdAt.getTime() }
  }

  async function signedIn(headers: Readonly<Record<string, string>>) {
    const found = await sessionOf(headers)
    if (!found) throw new Fault('input.unauthenticated')
    return found
  }

  /** They are not verified, which is what the library calls an address whose link was used. */
  async function create({ name, email, role }: { name: string; email: string; role: Role }): Promise<string> {
    const id = crypto.randomUUID()
    await run(
      'insert into "user" (id, name, email, "emailVerified", "updatedAt", role) values ($1, $2, $3, false, current_timestamp, $4)',
      [id, name, email, role],
    ).catch(rethrowTaken)
    return id
  }

  async function linkOf(email: string): Promise<SignInLink> {
    const made = { link: '' }
    await making.run(made, () =>
      auth.api.signInMagicLink({
        body: { email, callbackURL: '/console/', errorCallbackURL: '/console/?link=used' },
        headers: new Headers({ origin: options.publicUrl }),
      }),
    )
    return { ...made, endsAt: now() + linkLifetimeSeconds * 1000 }
  }

  /** The library keeps whose a link is as JSON beside the hash of its token. */
  async function endLinks(email: string): Promise<void> {
    await run('delete from verification where value like $1', [`%${JSON.stringify(email).replace(/[\\%_]/g, '\\$&')}%`])
  }

  async function firstOwner(): Promise<KnownPerson | null> {
    const [row] = await run<Row>(`${selectPeople} where role = 'owner' order by "createdAt", id limit 1`, [])
    return row ? toPerson(row) : null
  }

  async function read(id: string): Promise<KnownPerson | null> {
    const [row] = await run<Row>(`${selectPeople} where id = $1`, [id])
    return row ? toPerson(row) : null
  }

  async function run<Found extends object>(text: string, values: readonly unknown[]): Promise<Found[]> {
    const { rows } = await pool.query<Found>(text, [...values]).catch((error) => {
      throw toDatabaseError(error)
    })
    return rows
  }
}

const isLastOwner = () => new Fault('input.conflict', 'This is the last owner. Make somebody else an owner first.')

interface Row {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: string | null
  readonly createdAt: Date
  readonly lastSignInAt: Date | null
  readonly hasSignedIn: boolean
  readonly hasPassword: boolean
}

const passwordIsSet = `exists (
  select from account where account."userId" = u.id and account."providerId" = 'credential' and account.password is not null
) as "hasPassword"`

const selectPeople = `
  select id, name, email, role, "createdAt", "lastSignInAt", "emailVerified" as "hasSignedIn", ${passwordIsSet} from "user" u`

/**
 * Whoever takes an owner away holds all of them, in the same order: of two who do that to each other the second waits, and finds that they are the last.
 * $1 whom.
 */
const owners = `owners as (select id from "user" where role = 'owner' order by id for update)`
const isNotTheLast = `(role is distinct from 'owner' or (select count(*) from owners where id <> $1) > 0)`

const setRole = `
  with ${owners}
  update "user" set role = $2, "updatedAt" = current_timestamp where id = $1 and ($2 = 'owner' or ${isNotTheLast}) returning id`

const removeUser = `with ${owners} delete from "user" where id = $1 and ${isNotTheLast} returning id`

const toPerson = ({ role, createdAt, lastSignInAt, ...row }: Row): KnownPerson => ({
  ...row,
  role: roleOf(role),
  hasOwnAddress: row.email !== owner.email,
  createdAt: createdAt.getTime(),
  lastSignInAt: lastSignInAt?.getTime() ?? null,
})

async function emailIn(request: Request): Promise<string | null> {
  const body: unknown = await request
    .clone()
    .json()
    .catch(() => null)
  const { email } = (body ?? {}) as { email?: unknown }
  return typeof email === 'string' ? email : null
}

function rethrowTaken(error: unknown): never {
  if (error instanceof DatabaseError && error.code === '23505')
    throw new Fault('input.conflict', 'Somebody else has that e-mail address.', { field: 'email' })
  throw error
}

/** The library says only that it failed; what the database said is its cause. */
function rethrowCause(error: Error): never {
  throw error.cause instanceof Error ? toDatabaseError(error.cause) : error
}

const roleOf = (role: string | null): Role => (role === 'owner' || role === 'member' ? role : 'viewer')
