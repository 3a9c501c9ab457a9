import { Fault, isFault } from '@patchbay/kit'
import type { ConnectSession, Flow } from '../../ports/flows.ts'
import type { Deps, Setting } from '../deps.ts'
import { hashOf, sameHash } from './browser-secret.ts'
import { type CallbackQuery, textOf } from './check-callback.ts'
import { mayConnect } from './connect-view.ts'
import type { TokenPlace } from './exchange.ts'
import { findPlace } from './find-place.ts'
import { notYours } from './sessions.ts'
import type { TakenStates } from './taken-states.ts'

/**
 * That this is the way back of a trip that this browser began: known by the hash of `state`, gone with the first use, not older than ten minutes,
 * at the address of the integration it left for, with the same cookie. Nothing is sent to anybody before all of that is sure (T01–T03).
 */
export async function proveTrip(
  deps: Deps,
  setting: Setting,
  taken: TakenStates,
  integrationId: string,
  query: CallbackQuery,
  cookie: string | null,
): Promise<{ flow: Flow; session: ConnectSession; place: TokenPlace }> {
  const state = textOf(query, 'state')
  const flow = state === null ? null : await deps.flows.takeFlow(hashOf(state))
  if (!flow) {
    if (state !== null) await taken.reused(hashOf(state))
    throw new Fault('input.expired')
  }
  taken.add(flow)
  const session = await deps.flows.session(flow.sessionId)
  const ours = cookie !== null && sameHash(flow.browserHash, hashOf(cookie))
  if (!ours || flow.integrationId !== integrationId || !session || session.browserHash !== flow.browserHash) {
    await refuse(deps, flow, ours ? 'another integration' : 'another browser')
    throw notYours()
  }
  const now = deps.clock.now()
  if (flow.expiresAt <= now || session.expiresAt <= now || session.usedAt !== null) throw new Fault('input.expired')
  return { flow, session, place: await placeFor(deps, setting, session, integrationId) }
}

/** The integration, when the invitation is for it. One that is not and one that never was look the same (T12). */
export async function placeFor(
  deps: Deps,
  setting: Setting,
  session: ConnectSession,
  integrationId: string,
): Promise<TokenPlace> {
  const forbidden = () => new Fault('input.forbidden', 'This invitation is not for that platform.')
  const place = await findPlace(deps, setting, session.environmentId, integrationId).catch((error) => {
    throw isFault(error, 'input.unknown') ? forbidden() : error
  })
  if (!mayConnect(session, place.integration)) throw forbidden()
  return place
}

async function refuse(deps: Deps, flow: Flow, why: string): Promise<void> {
  deps.log.warn('connect.callback_refused', { environmentId: flow.environmentId, sessionId: flow.sessionId, why })
  await deps.journal.note(flow.environmentId, {
    at: deps.clock.now(),
    actor: 'system',
    audit: [{ id: deps.random.id('aud'), action: 'connect.refused', subject: flow.sessionId, detail: { why } }],
  })
}
