import { Fault, isFault, second } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { Connection } from '../../ports/connections.ts'
import type { Environment } from '../../ports/directory.ts'
import type { ConnectResult, ConnectSession, Flow } from '../../ports/flows.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Gateway } from '../http/gateway.ts'
import type { Target } from '../http/target.ts'
import type { Vault } from '../vault/vault.ts'
import { beginConsent } from './begin-consent.ts'
import { hashOf, sameHash } from './browser-secret.ts'
import { type CallbackQuery, checkIssuer, readCode, textOf } from './check-callback.ts'
import { type ConnectView, mayConnect, viewSession } from './connect-view.ts'
import { type ConnectionActions, openConnectionActions } from './connection-actions.ts'
import type { Consent } from './consent.ts'
import type { OpenCredentials } from './credentials.ts'
import type { TokenPlace } from './exchange.ts'
import { findPlace } from './find-place.ts'
import { identifyAccounts } from './probe-account.ts'
import { readAnswers } from './questions.ts'
import { withOutcome } from './return-url.ts'
import {
  type MadeSession,
  notYours,
  openSessions,
  type SessionProof,
  type Sessions,
  type SessionWish,
} from './sessions.ts'
import { settleConsent } from './settle-consent.ts'
import { consentFromCode, consentFromFields } from './take-consent.ts'
import { TakenStates } from './taken-states.ts'

/** Connecting accounts: invitations, the picker page, the trip to the provider and back, and what can be done with a connection. */
export interface Connect extends ConnectionActions {
  createSession(environment: Environment, wish: SessionWish): Promise<MadeSession>
  createReconnectSession(
    environment: Environment,
    connectionId: string,
    wish: { returnUrl?: string },
  ): Promise<MadeSession>
  sessionState(environment: Environment, id: string): ReturnType<Sessions['state']>
  /** What the picker page shows. Throws `input.unauthenticated` for every session that this browser may not use. */
  view(proof: SessionProof): Promise<ConnectView>
  /** How a finished session ended, for the page at the end. */
  outcome(
    proof: SessionProof,
  ): Promise<{ result: ConnectResult | null; returnUrl: string | null; environmentId: string }>
  /**
   * The first step: from here on the session belongs to this browser, whose cookie is to be set. Leads to the provider's page, or, where a form is
   * all there is, connects at once. Throws `input.invalid`, `input.forbidden` for another integration, `setup.credentials`.
   */
  begin(proof: SessionProof, integrationId: string, answers: Readonly<Record<string, string>>): Promise<Begun>
  /** The way back from the provider. Throws when it is not this browser's own trip; everything else is a result. */
  callback(integrationId: string, query: CallbackQuery, cookie: string | null): Promise<Ended>
}

/** Where the browser goes next: an address without code, state or token. */
export interface Ended {
  readonly redirect: string
  readonly result: ConnectResult
}

export interface Begun {
  readonly cookie: string
  readonly redirect: string
  /** Null while the browser is on its way to the provider. */
  readonly result: ConnectResult | null
}

export interface ConnectParts {
  readonly vault: Vault
  readonly gateway: Gateway
  readonly credentials: OpenCredentials
  /** Where browsers may be sent back to in that environment, exactly. Besides those only this server, and in `test` the browser's own machine. */
  readonly returnUrls?: (environment: Environment) => readonly string[]
  /** Hears of connections that were made or renewed, after everything of them is stored. */
  readonly connected?: (connections: readonly Connection[]) => void | Promise<void>
}

export function openConnect(deps: Deps, setting: Setting, parts: ConnectParts): Connect {
  const { vault, credentials, gateway } = parts
  const sessions = openSessions(deps, setting, parts.returnUrls ?? (() => []))
  const taken = new TakenStates(deps)
  credentials.useGateway(gateway)

  return {
    ...openConnectionActions(deps, setting, parts),
    createSession: sessions.create,
    createReconnectSession: sessions.createReconnect,
    sessionState: sessions.state,

    async view(proof) {
      const session = await sessions.prove(proof)
      return viewSession(deps, setting, await environmentOf(session), session)
    },

    async outcome(proof) {
      const { result, returnUrl, environmentId } = await sessions.proveFinished(proof)
      return { result, returnUrl, environmentId }
    },

    async begin(proof, integrationId, answers) {
      const session = await sessions.prove(proof)
      const place = await placeOf(session, integrationId)
      const { credentials: typed, inputs } = readAnswers(place.provider, answers, session.inputs)
      const cookie = await sessions.bind(session, proof.cookie)
      const { auth } = place.provider
      if (auth.scheme === 'oauth2') {
        const redirect = await beginConsent(deps, setting, vault, { place, auth, session, cookie, inputs })
        return { cookie, redirect, result: null }
      }
      const take = () => consentFromFields(deps, credentials.exchange, place, typed)
      return { cookie, ...(await end(session, place, inputs, take)) }
    },

    async callback(integrationId, query, cookie) {
      const { flow, session, place } = await proveTrip(integrationId, query, cookie)
      const { auth } = place.provider
      if (auth.scheme !== 'oauth2') throw notYours()
      checkIssuer(auth, query)
      return end(session, place, flow.inputs, async () =>
        consentFromCode(deps, vault, credentials.exchange, place, auth, flow, readCode(auth, query)),
      )
    },
  }

  /**
   * That this is the way back of a trip that this browser began: known by the hash of `state`, gone with the first use, not older than ten minutes,
   * at the address of the integration it left for, with the same cookie. Nothing is sent to anybody before all of that is sure.
   */
  async function proveTrip(integrationId: string, query: CallbackQuery, cookie: string | null) {
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
      await refuse(flow, ours ? 'another integration' : 'another browser')
      throw notYours()
    }
    const now = deps.clock.now()
    if (flow.expiresAt <= now || session.expiresAt <= now || session.usedAt !== null) throw new Fault('input.expired')
    return { flow, session, place: await placeOf(session, integrationId) }
  }

  /** Takes the consent, finds out whose it is, and stores it. What goes wrong is a result: the session stays open for another try. */
  async function end(
    session: ConnectSession,
    place: TokenPlace,
    inputs: Readonly<Record<string, string>>,
    take: () => Promise<Consent>,
  ): Promise<Ended> {
    let consent: Consent | null = null
    const grantId = deps.random.id('gra')
    try {
      const reconnect = session.reconnect ? await deps.connections.read(session.environmentId, session.reconnect) : null
      if (session.reconnect && (!reconnect || reconnect.state === 'disconnected'))
        throw new Fault('input.conflict', 'This connection was disconnected meanwhile. Connect the account anew.')
      consent = await take()
      const target = targetOf(place, grantId)
      const identity = await credentials.held.during(session.environmentId, grantId, consent.authorization, () =>
        identifyAccounts(deps, gateway, target, inputs),
      )
      const settlement = { place, profileId: session.profileId, inputs, reconnect, identity, consent, grantId, actor }
      const { connections } = await settleConsent(deps, setting, vault, settlement)
      const result = { connectionIds: connections.map(({ id }) => id) }
      if (!(await deps.flows.finish(session.id, result, deps.clock.now())))
        deps.log.warn('connect.session_used_twice', { sessionId: session.id })
      await tellConnected(connections)
      return { redirect: cleanUrl(session, result), result }
    } catch (error) {
      if (!isFault(error)) throw error
      if (consent) await giveBack(place, grantId, consent, error)
      const result = { fault: error.code, says: error.message }
      await tellFailed(session, place, result)
      return { redirect: cleanUrl(session, result), result }
    }
  }

  /** What others do with a new connection is not the owner's concern. */
  async function tellConnected(connections: readonly Connection[]): Promise<void> {
    try {
      await parts.connected?.(connections)
    } catch (error) {
      deps.log.error('connect.connected_hook', { connectionIds: connections.map(({ id }) => id), error })
    }
  }

  /**
   * Tokens that lead to nothing are given back, unless the same person has a grant here: providers know one consent of a person for an app, and
   * giving back the new tokens would end the old ones.
   */
  async function giveBack(place: TokenPlace, grantId: string, consent: Consent, fault: Fault): Promise<void> {
    const { auth } = place.provider
    if (auth.scheme !== 'oauth2' || consent.access === null || fault.code !== 'connection.mismatch') return
    const subjectId = typeof fault.detail.subject === 'string' ? fault.detail.subject : null
    if (subjectId === null) return
    const grant = await deps.grants.findBySubject(place.environment.id, place.integration.id, subjectId)
    if (grant) return
    const token = consent.refresh ?? consent.access
    const hint = consent.refresh === null ? 'access_token' : 'refresh_token'
    const outcome = await credentials.exchange.revoke(place, auth, token, hint)
    deps.log.info('connect.given_back', { grantId, outcome })
  }

  async function tellFailed(session: ConnectSession, place: TokenPlace, result: { fault: string; says: string }) {
    await deps.journal.note(session.environmentId, {
      at: deps.clock.now(),
      actor,
      events: [
        {
          id: deps.random.id('evt'),
          type: 'connect.failed',
          profileId: session.profileId,
          ...(session.reconnect && { connectionId: session.reconnect }),
          data: { session: session.id, provider: place.provider.id, integration: place.integration.id, ...result },
        },
      ],
    })
  }

  async function refuse(flow: Flow, why: string): Promise<void> {
    deps.log.warn('connect.callback_refused', { environmentId: flow.environmentId, sessionId: flow.sessionId, why })
    await deps.journal.note(flow.environmentId, {
      at: deps.clock.now(),
      actor: 'system',
      audit: [{ id: deps.random.id('aud'), action: 'connect.refused', subject: flow.sessionId, detail: { why } }],
    })
  }

  async function placeOf(session: ConnectSession, integrationId: string): Promise<TokenPlace> {
    const forbidden = () => new Fault('input.forbidden', 'This invitation is not for that platform.')
    const place = await findPlace(deps, setting, session.environmentId, integrationId).catch((error) => {
      throw isFault(error, 'input.unknown') ? forbidden() : error
    })
    if (!mayConnect(session, place.integration)) throw forbidden()
    return place
  }

  async function environmentOf(session: ConnectSession): Promise<Environment> {
    const environments = await deps.directory.environments()
    return environments.find(({ id }) => id === session.environmentId)!
  }

  /** Back to the application when it worked and it said where; else to our own pages, which say what happened and offer another try. */
  function cleanUrl(session: ConnectSession, result: ConnectResult): string {
    if ('connectionIds' in result)
      return session.returnUrl === null
        ? `${setting.publicUrl}/connect/done?session=${session.id}`
        : withOutcome(session.returnUrl, { session: session.id, status: 'connected' })
    return `${setting.publicUrl}/connect?session=${session.id}&problem=${encodeURIComponent(result.fault)}`
  }
}

const actor: Actor = 'owner'

/** The owner waits for it. */
function targetOf(place: TokenPlace, grantId: string): Target {
  return { ...place, grantId, connection: null, lane: 'interactive', runId: null, patienceMs: 30 * second }
}
