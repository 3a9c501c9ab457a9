import { Fault, minute } from '@patchbay/kit'
import type { Environment, Integration } from '../../ports/directory.ts'
import type { ConnectSession } from '../../ports/flows.ts'
import type { Deps, Setting } from '../deps.ts'
import { hashOf, isToken, makeToken, sameHash } from './browser-secret.ts'
import { parseReturnUrl } from './return-url.ts'

/** What an application asks for when it invites somebody to connect. */
export interface SessionWish {
  readonly profile: { readonly id: string; readonly name?: string }
  /** Ids of integrations, or of providers for all of theirs. Every enabled one when absent. */
  readonly integrations?: readonly string[]
  readonly returnUrl?: string
  /** Answers to the providers' questions that the application knows. The owner cannot change them. */
  readonly inputs?: Readonly<Record<string, string>>
}

export interface MadeSession {
  readonly id: string
  /** Shown once. Whoever has it first may connect accounts of that profile. */
  readonly token: string
  readonly url: string
  readonly expiresAt: number
}

/** Who is asking: the invitation's token until the first step, afterwards the session's id; always with the browser's cookie. */
export type SessionProof = ({ readonly token: string } | { readonly session: string }) & {
  readonly cookie: string | null
}

/**
 * Invitations to connect. One is found by the hash of its token, lives for half an hour and serves once. With the first step it belongs to the
 * browser that took it: the token alone is worth nothing from then on (T09). Everything that says whose accounts are connected stands in it;
 * nothing of that is taken from a browser (T10).
 */
export function openSessions(
  deps: Pick<Deps, 'clock' | 'random' | 'flows' | 'directory' | 'connections'>,
  setting: Setting,
) {
  return {
    async create(environment: Environment, wish: SessionWish): Promise<MadeSession> {
      const { profile } = wish
      if (!isName(profile.id))
        throw new Fault('input.invalid', 'A profile id has 1 to 200 characters.', { field: 'profile.id' })
      if (profile.name !== undefined && !isName(profile.name))
        throw new Fault('input.invalid', 'A profile name has 1 to 200 characters.', { field: 'profile.name' })
      const returnUrl = returnUrlOf(environment, wish.returnUrl)
      const integrationIds = wish.integrations ? await integrationsNamed(environment, wish.integrations) : null
      const inputs = inputsOf(wish.inputs)
      const createdAt = deps.clock.now()
      await deps.directory.saveProfile({
        id: profile.id,
        environmentId: environment.id,
        name: profile.name ?? '',
        createdAt,
      })
      return save({
        environmentId: environment.id,
        profileId: profile.id,
        integrationIds,
        inputs,
        returnUrl,
        reconnect: null,
      })
    },

    /** For the owner of one connection, to consent again. Its integration, its account and its answers are fixed. */
    async createReconnect(
      environment: Environment,
      connectionId: string,
      wish: { returnUrl?: string },
    ): Promise<MadeSession> {
      const connection = await deps.connections.read(environment.id, connectionId)
      if (!connection) throw new Fault('input.unknown', 'There is no such connection.')
      if (connection.state === 'disconnected')
        throw new Fault('input.conflict', 'This connection was disconnected. Connect the account anew.')
      return save({
        environmentId: environment.id,
        profileId: connection.profileId,
        integrationIds: [connection.integrationId],
        inputs: connection.inputs,
        returnUrl: returnUrlOf(environment, wish.returnUrl),
        reconnect: connection.id,
      })
    },

    /** What became of it. Throws `input.unknown` for one of another environment as for none. */
    async state(environment: Environment, id: string) {
      const session = await deps.flows.session(id)
      if (!session || session.environmentId !== environment.id)
        throw new Fault('input.unknown', 'There is no such session.')
      const { result, expiresAt, profileId } = session
      const connections = result && 'connectionIds' in result ? [...result.connectionIds] : []
      const says = result && 'fault' in result ? result.says : null
      const open = expiresAt > deps.clock.now() ? ('open' as const) : ('expired' as const)
      const state = result === null ? open : says === null ? ('done' as const) : ('failed' as const)
      return { id, profile: profileId, state, connections, says, expiresAt }
    },

    /** The session that this browser may go on with. Whatever is wrong, the answer is the same (T12). */
    async prove(proof: SessionProof): Promise<ConnectSession> {
      const session = await find(proof)
      if (!session || session.usedAt !== null || session.expiresAt <= deps.clock.now()) throw notYours()
      return session
    },

    /** The session of this browser whatever became of it, for the page at the end. */
    async proveFinished(proof: SessionProof): Promise<ConnectSession> {
      const session = await find(proof)
      if (!session || session.browserHash === null) throw notYours()
      return session
    },

    /** Ties the session to the browser; the first one keeps it. Returns its cookie, made where there is none. */
    async bind(session: ConnectSession, cookie: string | null): Promise<string> {
      const secret = isToken(cookie) ? cookie : makeToken(deps.random)
      if (!(await deps.flows.bind(session.id, hashOf(secret)))) throw notYours()
      return secret
    },
  }

  async function save(
    wish: Pick<ConnectSession, 'environmentId' | 'profileId' | 'integrationIds' | 'inputs' | 'returnUrl' | 'reconnect'>,
  ): Promise<MadeSession> {
    const token = makeToken(deps.random)
    const id = deps.random.id('ses')
    const createdAt = deps.clock.now()
    const expiresAt = createdAt + sessionMs
    const rest = { browserHash: null, usedAt: null, result: null, mismatch: null }
    await deps.flows.createSession({ ...wish, ...rest, id, tokenHash: hashOf(token), expiresAt, createdAt })
    return { id, token, url: `${setting.publicUrl}/connect?token=${token}`, expiresAt }
  }

  async function find(proof: SessionProof): Promise<ConnectSession | null> {
    const byToken = 'token' in proof
    if (byToken && !isToken(proof.token)) return null
    const session = byToken
      ? await deps.flows.sessionByToken(hashOf(proof.token))
      : await deps.flows.session(proof.session)
    if (!session) return null
    if (session.browserHash === null) return byToken ? session : null
    return proof.cookie !== null && sameHash(session.browserHash, hashOf(proof.cookie)) ? session : null
  }

  function returnUrlOf(environment: Environment, text: string | undefined): string | null {
    if (text === undefined) return null
    const { publicUrl, returnUrls: allowed = [] } = setting
    return parseReturnUrl(text, { environment, allowed, publicUrl })
  }

  async function integrationsNamed(environment: Environment, names: readonly string[]): Promise<string[]> {
    const all = (await deps.directory.integrations(environment.id)).filter(({ enabled }) => enabled)
    const ids = names.flatMap((name) => {
      const named = (integration: Integration) => integration.id === name || integration.provider === name
      const found = all.filter(named).map(({ id }) => id)
      if (found.length === 0) {
        throw new Fault('input.invalid', `There is no integration "${name.slice(0, 80)}".`, { field: 'integrations' })
      }
      return found
    })
    return [...new Set(ids)]
  }
}

export type Sessions = ReturnType<typeof openSessions>

/** One answer for unknown, used, expired and somebody else's. */
export const notYours = () =>
  new Fault(
    'input.unauthenticated',
    'This link is not for this browser, was used already, or is too old. Ask for a new one.',
  )

function inputsOf(inputs: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const entries = Object.entries(inputs)
  if (entries.length > 30) throw new Fault('input.invalid', 'At most 30 inputs.', { field: 'inputs' })
  for (const [name, value] of entries) {
    if (!isText(name, 200) || !isText(value, 8000))
      throw new Fault('input.invalid', 'An input is too long or no text.', { field: 'inputs' })
  }
  return inputs
}

const isName = (text: string) => text.length >= 1 && isText(text, 200) && !/\p{Cc}/u.test(text)

/** Text that every database takes. */
const isText = (text: string, longest: number) => text.length <= longest && text.isWellFormed() && !text.includes('\0')

const sessionMs = 30 * minute
