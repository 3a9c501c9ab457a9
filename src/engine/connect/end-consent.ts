import { Fault, isFault, second } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { ConnectResult, ConnectSession, Mismatch } from '../../ports/flows.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Target } from '../http/target.ts'
import type { ConnectParts, Ended } from './connect.ts'
import type { Consent } from './consent.ts'
import type { TokenPlace } from './exchange.ts'
import { identifyAccounts } from './probe-account.ts'
import { withOutcome } from './return-url.ts'
import { settleConsent } from './settle-consent.ts'

/** What ends a connect session: a consent, or a form that was filled in. */
export interface Ending {
  readonly session: ConnectSession
  readonly place: TokenPlace
  readonly inputs: Readonly<Record<string, string>>
  /** Not the connection that the session is to renew, but the other account that came back from it. */
  readonly asNew: boolean
  /** Gets the tokens. Whoever calls this has proven that the session is this browser's. */
  readonly take: () => Promise<Consent>
}

/** Takes the consent, finds out whose it is, and stores it. What goes wrong is a result: the session stays open for another try. */
export async function endConsent(deps: Deps, setting: Setting, parts: ConnectParts, ending: Ending): Promise<Ended> {
  const { session, place } = ending
  const grantId = deps.random.id('gra')
  let consent: Consent | null = null
  try {
    const reconnect = ending.asNew ? null : await connectionToRenew(deps, session)
    consent = await ending.take()
    const identity = await identify(deps, parts, ending, grantId, consent)
    // Two tabs may have come back at once; the session serves one of them.
    if ((await deps.flows.session(session.id))?.usedAt !== null) throw new Fault('input.expired')
    const { profileId } = session
    const { connections } = await settleConsent(deps, setting, parts.vault, {
      ...{ place, profileId, inputs: ending.inputs, reconnect, identity, consent, grantId, actor: 'owner' },
    })
    const result = { connectionIds: connections.map(({ id }) => id) }
    if (!(await deps.flows.finish(session.id, result, deps.clock.now())))
      deps.log.warn('connect.session_used_twice', { sessionId: session.id })
    await tellConnected(deps, parts, connections)
    return { redirect: cleanUrl(setting, session, result), result }
  } catch (error) {
    if (!isFault(error)) throw error
    if (consent) await giveBack(deps, parts, place, consent, error)
    const came = cameInstead(error)
    if (came) await deps.flows.noteMismatch(session.id, came)
    const result = { fault: error.code, says: error.message }
    await tellFailed(deps, session, place, result)
    return { redirect: cleanUrl(setting, session, result), result }
  }
}

async function connectionToRenew(deps: Deps, session: ConnectSession): Promise<Connection | null> {
  if (session.reconnect === null) return null
  const connection = await deps.connections.read(session.environmentId, session.reconnect)
  if (connection && connection.state !== 'disconnected') return connection
  throw new Fault('input.conflict', 'This connection was disconnected meanwhile. Connect the account anew.')
}

/** The owner waits for it. */
function identify(
  deps: Deps,
  parts: ConnectParts,
  { session, place, inputs }: Ending,
  grantId: string,
  consent: Consent,
) {
  const { gateway, credentials } = parts
  const target: Target = {
    ...place,
    grantId,
    connection: null,
    lane: 'interactive',
    runId: null,
    // Longer than the longest of the short windows: somebody waits, and sending them away for the last quarter of a second helps nobody.
    patienceMs: 40 * second,
  }
  return credentials.held.during(session.environmentId, grantId, consent.authorization, () =>
    identifyAccounts(deps, gateway, target, inputs),
  )
}

/** What others do with a new connection is not the owner's concern. */
async function tellConnected(deps: Deps, parts: ConnectParts, connections: readonly Connection[]): Promise<void> {
  try {
    await parts.connected?.(connections)
  } catch (error) {
    deps.log.error('connect.connected_hook', { connectionIds: connections.map(({ id }) => id), error })
  }
}

/**
 * Tokens of a stranger are given back, unless the same person has a grant here: providers know one consent of a person for an app, and giving back
 * the new tokens would end the old ones.
 */
async function giveBack(
  deps: Deps,
  parts: ConnectParts,
  place: TokenPlace,
  consent: Consent,
  fault: Fault,
): Promise<void> {
  const { auth } = place.provider
  const { subject } = fault.detail
  if (fault.code !== 'connection.mismatch' || typeof subject !== 'string') return
  if (auth.scheme !== 'oauth2' || consent.access === null) return
  if (await deps.grants.findBySubject(place.environment.id, place.integration.id, subject)) return
  const token = consent.refresh ?? consent.access
  const hint = consent.refresh === null ? 'access_token' : 'refresh_token'
  const outcome = await parts.credentials.exchange.revoke(place, auth, token, hint)
  deps.log.info('connect.given_back', { provider: place.provider.id, outcome })
}

function cameInstead({ code, detail }: Fault): Mismatch | null {
  return code === 'connection.mismatch' && detail.came !== undefined ? (detail.came as Mismatch) : null
}

async function tellFailed(
  deps: Deps,
  session: ConnectSession,
  { provider, integration }: TokenPlace,
  result: { fault: string; says: string },
): Promise<void> {
  await deps.journal.note(session.environmentId, {
    at: deps.clock.now(),
    actor: 'owner',
    events: [
      {
        id: deps.random.id('evt'),
        type: 'connect.failed',
        profileId: session.profileId,
        ...(session.reconnect && { connectionId: session.reconnect }),
        data: { session: session.id, provider: provider.id, integration: integration.id, ...result },
      },
    ],
  })
}

/** Back to the application when it worked and it said where; else to our own pages, which say what happened and offer another try. */
function cleanUrl({ publicUrl }: Setting, session: ConnectSession, result: ConnectResult): string {
  if ('fault' in result) return `${publicUrl}/connect?session=${session.id}&problem=${encodeURIComponent(result.fault)}`
  if (session.returnUrl === null) return `${publicUrl}/connect/done?session=${session.id}`
  return withOutcome(session.returnUrl, { session: session.id, status: 'connected' })
}
