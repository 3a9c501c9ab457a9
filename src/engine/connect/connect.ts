import { Fault } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { Connection } from '../../ports/connections.ts'
import type { Environment } from '../../ports/directory.ts'
import type { ConnectResult, ConnectSession } from '../../ports/flows.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Gateway } from '../http/gateway.ts'
import type { Recent } from '../recent.ts'
import type { Vault } from '../vault/vault.ts'
import { beginConsent } from './begin-consent.ts'
import { type CallbackQuery, checkIssuer, readCode } from './check-callback.ts'
import { type ConnectView, viewSession } from './connect-view.ts'
import { type ConnectionActions, openConnectionActions } from './connection-actions.ts'
import type { OpenCredentials } from './credentials.ts'
import { endConsent } from './end-consent.ts'
import { findEnvironment } from './find-place.ts'
import { type GrantAccounts, openGrantAccounts } from './grant-accounts.ts'
import { type ImportResult, type ImportRow, importConnections } from './import-connections.ts'
import { placeFor, proveTrip } from './prove-trip.ts'
import { accountInput, readAnswers } from './questions.ts'
import {
  type MadeSession,
  notYours,
  openSessions,
  type SessionProof,
  type Sessions,
  type SessionWish,
} from './sessions.ts'
import { consentFromCode, consentFromFields } from './take-consent.ts'
import { TakenStates } from './taken-states.ts'

/** Connecting accounts: invitations, the picker page, the trip to the provider and back, and what can be done with a connection. */
export interface Connect extends ConnectionActions, GrantAccounts {
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
   * all there is, connects at once. Throws `input.invalid`, `input.forbidden` for another integration, `setup.credentials`. `asNew`: after a
   * reconnect that came back as another account, that account as a connection of its own; `input.forbidden` when none came.
   */
  begin(
    proof: SessionProof,
    integrationId: string,
    answers: Readonly<Record<string, string>>,
    options?: { asNew?: boolean },
  ): Promise<Begun>
  /** The way back from the provider. Throws when it is not this browser's own trip; everything else is a result. */
  callback(integrationId: string, query: CallbackQuery, cookie: string | null): Promise<Ended>
  /** Brings connections from elsewhere, each with a result of its own. */
  importConnections(
    environment: Environment,
    rows: readonly ImportRow[],
    options: { verify: boolean; actor: Actor },
  ): Promise<ImportResult[]>
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
  readonly recent: Recent
  /** Hears of a connection that is about to be disconnected, while its access still works. It does not keep that from happening. */
  readonly ending?: (connection: Connection) => Promise<void>
  /** Hears of connections that were made or renewed, after everything of them is stored. */
  readonly connected?: (connections: readonly Connection[]) => void | Promise<void>
}

export function openConnect(deps: Deps, setting: Setting, parts: ConnectParts): Connect {
  const { vault, credentials } = parts
  const sessions = openSessions(deps, setting)
  const taken = new TakenStates(deps)
  credentials.useGateway(parts.gateway)

  return {
    ...openConnectionActions(deps, setting, parts),
    ...openGrantAccounts(deps, setting, parts),
    importConnections: (environment, rows, options) =>
      importConnections(deps, setting, parts, environment, rows, options),
    createSession: sessions.create,
    createReconnectSession: sessions.createReconnect,
    sessionState: sessions.state,

    async view(proof) {
      const session = await sessions.prove(proof)
      return viewSession(deps, setting, await findEnvironment(deps, session.environmentId), session)
    },

    async outcome(proof) {
      const { result, returnUrl, environmentId } = await sessions.proveFinished(proof)
      return { result, returnUrl, environmentId }
    },

    async begin(proof, integrationId, answers, { asNew = false } = {}) {
      const session = await sessions.prove(proof)
      const place = await placeFor(deps, setting, session, integrationId)
      const known = asNew ? knownOfNew(session) : session.inputs
      const { credentials: typed, inputs } = readAnswers(place.provider, answers, known)
      const cookie = await sessions.bind(session, proof.cookie)
      const { auth } = place.provider
      if (auth.scheme === 'oauth2') {
        const redirect = await beginConsent(deps, setting, vault, { place, auth, session, cookie, inputs, asNew })
        return { cookie, redirect, result: null }
      }
      const take = () => consentFromFields(deps, credentials.exchange, place, typed)
      return { cookie, ...(await endConsent(deps, setting, parts, { session, place, inputs, asNew, take })) }
    },

    async callback(integrationId, query, cookie) {
      const { flow, session, place } = await proveTrip(deps, setting, taken, integrationId, query, cookie)
      const { auth } = place.provider
      if (auth.scheme !== 'oauth2') throw notYours()
      checkIssuer(auth, query)
      const take = async () =>
        consentFromCode(deps, vault, credentials.exchange, place, auth, flow, readCode(auth, query))
      const { inputs, asNew } = flow
      return endConsent(deps, setting, parts, { session, place, inputs, asNew, take })
    },
  }
}

/** Nothing that was said of the old account holds for the other one; which one it is was seen, and is not the browser's to say. */
function knownOfNew({ reconnect, mismatch }: ConnectSession): Readonly<Record<string, string>> {
  if (reconnect === null || mismatch === null)
    throw new Fault('input.forbidden', 'This invitation is for one account, and no other one came back.')
  return { [accountInput]: mismatch.accountId }
}
