import { type Account, Fault, isFault, second } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { Connection } from '../../ports/connections.ts'
import type { Environment } from '../../ports/directory.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Target } from '../http/target.ts'
import type { ConnectParts } from './connect.ts'
import type { Consent } from './consent.ts'
import type { TokenPlace } from './exchange.ts'
import { findPlaceIn } from './find-place.ts'
import { consentFromImport, type ImportedCredentials, needsRenewal } from './imported-consent.ts'
import { identifyAccounts } from './probe-account.ts'
import { readAnswers } from './questions.ts'
import { attachAccount, settleConsent } from './settle-consent.ts'

/** An account that was connected elsewhere, with what it was connected by. */
export interface ImportRow extends ImportedCredentials {
  readonly profile: { readonly id: string; readonly name?: string }
  readonly integration: string
  /** Which account it is. Without it the platform is asked, and every account that it names is connected. */
  readonly account?: Account
  /** Answers to the provider's questions. */
  readonly inputs?: Readonly<Record<string, string>>
}

export type ImportResult =
  | { readonly status: 'imported' | 'exists'; readonly connections: readonly Connection[] }
  | { readonly status: 'failed'; readonly fault: Fault }

/**
 * Brings connections from elsewhere. Each row stands for itself: what cannot be brought says why, and the others are brought. The tokens are proven by
 * asking the platform whose they are before they are stored; with `verify: false` they are stored as they came, and the connection is pending
 * until it is read. What is there already stays as it is, tokens and all, so the same rows may be brought again.
 */
export async function importConnections(
  deps: Deps,
  setting: Setting,
  parts: ConnectParts,
  environment: Environment,
  rows: readonly ImportRow[],
  options: { verify: boolean; actor: Actor },
): Promise<ImportResult[]> {
  const results: ImportResult[] = Array.from({ length: rows.length })
  const waiting = rows.entries()
  const work = async () => {
    for (const [index, row] of waiting)
      results[index] = await importRow(deps, setting, parts, environment, row, options).catch((error: unknown) => {
        if (!isFault(error)) throw error
        return { status: 'failed', fault: error }
      })
  }
  await Promise.all(Array.from({ length: together }, work))
  const made = results.flatMap((one) => (one.status === 'imported' ? one.connections : []))
  await deps.journal.note(environment.id, {
    at: deps.clock.now(),
    actor: options.actor,
    audit: [
      {
        id: deps.random.id('aud'),
        action: 'connections.imported',
        subject: environment.id,
        detail: { rows: rows.length, imported: made.length, verified: options.verify },
      },
    ],
  })
  if (made.length > 0) await parts.connected?.(made)
  return results
}

async function importRow(
  deps: Deps,
  setting: Setting,
  parts: ConnectParts,
  environment: Environment,
  row: ImportRow,
  { verify, actor }: { verify: boolean; actor: Actor },
): Promise<ImportResult> {
  const place = await findPlaceIn(deps, setting, environment, row.integration)
  const { auth } = place.provider
  const answers = readAnswers(place.provider, { ...row.credentials, ...row.inputs }, {})
  const there = row.account && (await findConnection(deps, place, row.profile.id, row.account.id))
  if (there && there.state !== 'needs_reauth' && there.state !== 'revoked')
    return { status: 'exists', connections: [there] }
  if (!verify && !row.account)
    throw new Fault('input.invalid', 'What is not verified must say which account it is.', { field: 'account' })
  // The new tokens of a refresh would be lost if the platform could not say then whose they are.
  if (verify && !row.account && auth.scheme === 'oauth2' && auth.refresh.model === 'rotates' && needsRenewal(row, deps))
    throw new Fault(
      'input.invalid',
      'This access token is over, and its refresh token can be used once: say which account it is.',
      { field: 'account' },
    )
  const consent = await consentFromImport(deps, parts.credentials.exchange, place, row, answers.credentials, verify)
  const grantId = deps.random.id('gra')
  const identity = verify
    ? await identify(deps, parts, place, { row, inputs: answers.inputs, grantId, consent })
    : { subject: { id: '', name: row.account!.name }, accounts: [row.account!] }
  const { id, name = '' } = row.profile
  await deps.directory.saveProfile({ id, environmentId: environment.id, name, createdAt: deps.clock.now() })
  const inputs = { ...answers.inputs, ...(row.account && { account: row.account.id }) }
  const settlement = { place, profileId: id, inputs, actor }
  // The person's own grant may be further on than what was brought.
  const live = await deps.grants.findBySubject(environment.id, place.integration.id, identity.subject.id)
  if (live) {
    const accounts = identity.accounts.filter((one) => !row.account || one.id === row.account.id)
    const made = []
    for (const account of accounts) made.push(await attachAccount(deps, setting, settlement, live, account))
    const status = made.every(({ existing }) => existing) ? 'exists' : 'imported'
    return { status, connections: made.map(({ connection }) => connection) }
  }
  const settled = await settleConsent(deps, setting, parts.vault, {
    ...{ ...settlement, reconnect: null, identity, consent, grantId },
  })
  return { status: 'imported', connections: settled.connections }
}

async function findConnection(deps: Deps, { environment, integration }: TokenPlace, profile: string, account: string) {
  const [found] = await deps.connections.list(environment.id, {
    ...{ profile, integration: integration.id, account, limit: 1 },
  })
  return found
}

/** Whose they are, as the platform says. What it cannot say now does not lose tokens that were renewed for it: the account is named then. */
async function identify(
  deps: Deps,
  { gateway, credentials }: ConnectParts,
  place: TokenPlace,
  {
    row,
    inputs,
    grantId,
    consent,
  }: { row: ImportRow; inputs: Record<string, string>; grantId: string; consent: Consent },
) {
  const target: Target = {
    ...{ ...place, grantId, connection: null, lane: 'scheduled', runId: null, patienceMs: 40 * second },
  }
  try {
    const identity = await credentials.held.during(place.environment.id, grantId, consent.authorization, () =>
      identifyAccounts(deps, gateway, target, inputs),
    )
    const { account } = row
    if (account && !identity.accounts.some(({ id }) => id === account.id))
      throw new Fault('connection.mismatch', 'These tokens are of another account.', { expected: account.id })
    return identity
  } catch (error) {
    const isAway = isFault(error) && error.code.startsWith('provider.')
    if (!isAway || !row.account || !needsRenewal(row, deps)) throw error
    return { subject: { id: '', name: row.account.name }, accounts: [row.account] }
  }
}

const together = 4
