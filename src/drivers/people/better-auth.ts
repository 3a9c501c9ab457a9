import { betterAuth } from 'better-auth'
import { magicLink } from 'better-auth/plugins/magic-link'
import pg from 'pg'
import type { Log } from '../../ports/log.ts'
import type { People, Person } from '../../ports/people.ts'
import { toDatabaseError } from '../database/database-error.ts'

export interface PeopleOptions {
  /** PostgreSQL connection string. Its tables are those of `db/migrations/0002-people.sql`, in the schema `people`. */
  readonly connection: string
  readonly publicUrl: string
  /** Signs session cookies; the same in every process of an installation. */
  readonly secret: string
  readonly log: Log
}

/** Who the first-start link signs in. No mail is ever sent there. */
const owner = { email: 'owner@patchbay.invalid', name: 'Owner' }
const linkLifetimeSeconds = 7 * 24 * 3600

/** Sign-in by better-auth: password or one-time link. Nobody can sign up; the owner invites. */
export function openPeople(options: PeopleOptions): People & { close(): Promise<void> } {
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
  const made = { link: '' }
  const auth = betterAuth({
    baseURL: options.publicUrl,
    basePath: '/auth',
    secret: options.secret,
    database: pool,
    trustedOrigins: [options.publicUrl],
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 12 },
    user: { additionalFields: { role: { type: 'string', required: false, defaultValue: 'viewer', input: false } } },
    session: { expiresIn: 7 * 24 * 3600, updateAge: 24 * 3600 },
    advanced: { cookiePrefix: 'patchbay', useSecureCookies: options.publicUrl.startsWith('https:') },
    plugins: [
      magicLink({
        disableSignUp: true,
        storeToken: 'hashed',
        expiresIn: linkLifetimeSeconds,
        sendMagicLink: ({ url }) => {
          made.link = url
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
      const found = await auth.api.getSession({ headers: new Headers(headers) }).catch(rethrowCause)
      if (!found) return null
      const { user, session } = found
      return {
        id: user.id,
        name: user.name,
        email: user.email,
        role: roleOf(user),
        sessionExpiresAt: session.expiresAt.getTime(),
      }
    },
    handle: (request) => {
      // Links are made by the operator's command line only: there is no mail to send them with.
      if (new URL(request.url).pathname === '/auth/sign-in/magic-link')
        return Promise.resolve(new Response(null, { status: 404 }))
      return auth.handler(request)
    },
    async ownerHasSignedIn() {
      const { internalAdapter } = await auth.$context
      const found = await internalAdapter.findUserByEmail(owner.email)
      return found?.user.emailVerified === true
    },
    async ownerLink() {
      const { internalAdapter } = await auth.$context
      if (!(await internalAdapter.findUserByEmail(owner.email))) {
        // The library calls the address verified once a link was used.
        await internalAdapter.createUser({ ...owner, emailVerified: false, role: 'owner' }, { method: 'magic-link' })
      }
      await auth.api.signInMagicLink({
        body: { email: owner.email, callbackURL: '/console/', errorCallbackURL: '/console/?link=used' },
        headers: new Headers({ origin: options.publicUrl }),
      })
      return made.link
    },
    close: () => pool.end(),
  }
}

/** The library says only that it failed; what the database said is its cause. */
function rethrowCause(error: Error): never {
  throw error.cause instanceof Error ? toDatabaseError(error.cause) : error
}

function roleOf(user: Record<string, unknown>): Person['role'] {
  return user.role === 'owner' || user.role === 'member' ? user.role : 'viewer'
}
