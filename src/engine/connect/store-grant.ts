import { Fault } from '@patchbay/kit'
import type { Grant } from '../../ports/grants.ts'
import type { Deps } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'
import { cleanText } from './choose-accounts.ts'
import { consentEndsAt, planLife } from './seal-tokens.ts'
import type { Settlement } from './settle-consent.ts'

/** Into the grant that this person has, or into a new one. Another consent or a refresh may be quicker; then it is tried on top of theirs. */
export async function storeGrant(
  deps: Deps,
  vault: Vault,
  settlement: Settlement,
  before: Grant | null,
): Promise<Grant> {
  const { place, identity } = settlement
  const subject = { id: cleanText(identity.subject.id), name: cleanText(identity.subject.name) }
  for (let attempt = 0; attempt < 5; attempt++) {
    const found = await deps.grants.findBySubject(place.environment.id, place.integration.id, subject.id)
    const own = before && (await deps.grants.read(place.environment.id, before.id))
    // A dead grant wakes up with the new tokens; one that we gave back stays given back.
    const existing = found ?? (own && own.state !== 'revoked' ? own : null)
    const id = existing?.id ?? settlement.grantId
    const next = await sealConsent(deps, vault, settlement, {
      id,
      generation: (existing?.generation ?? 0) + 1,
      existing,
    })
    const along = {
      at: next.refreshedAt,
      actor: settlement.actor,
      audit: [
        {
          id: deps.random.id('aud'),
          action: existing ? 'grant.renewed' : 'grant.created',
          subject: id,
          detail: { integration: place.integration.id, scopes: next.scopes },
        },
      ],
    }
    if (existing) {
      const consentedAt = next.refreshedAt
      if (
        await deps.grants.commit(
          place.environment.id,
          id,
          existing.generation,
          { ...next, consentedAt, subject },
          along,
        )
      )
        return { ...existing, ...next, consentedAt, subject, generation: existing.generation + 1, state: 'live' }
      continue
    }
    const grant: Grant = {
      ...next,
      id,
      environmentId: place.environment.id,
      integrationId: place.integration.id,
      subject,
      generation: 1,
      state: 'live',
      cause: null,
      consentedAt: next.refreshedAt,
      leaseId: null,
      leaseUntil: null,
      attempts: 0,
    }
    // Another first consent of the same person was quicker: then these tokens go into its grant.
    if (await deps.grants.create(grant, along)) return grant
  }
  throw new Fault('platform.busy', 'This account is being connected in several places at once.')
}

async function sealConsent(
  deps: Deps,
  vault: Vault,
  { place, consent }: Settlement,
  row: { id: string; generation: number; existing: Grant | null },
) {
  const { auth } = place.provider
  const environmentId = place.environment.id
  const bindingOf = (field: 'access' | 'refresh', generation = row.generation) => ({ row: row.id, field, generation })
  const seal = (field: 'access' | 'refresh', text: string | null) =>
    text === null ? null : vault.seal(environmentId, bindingOf(field), text)
  // A later consent may come without a refresh token; the one that is there stays (F61).
  const kept =
    consent.refresh === null && row.existing?.refresh
      ? await vault.open(environmentId, bindingOf('refresh', row.existing.generation), row.existing.refresh, (secret) =>
          seal('refresh', secret.reveal()),
        )
      : null
  const refresh = kept ?? (await seal('refresh', consent.refresh))
  const refreshedAt = deps.clock.now()
  const { accessExpiresAt, refreshExpiresAt } = consent
  const dataAccessExpiresAt = consentEndsAt(auth, refreshedAt)
  const clocks = { refreshedAt, accessExpiresAt, refreshExpiresAt, dataAccessExpiresAt, refreshable: refresh !== null }
  return {
    access: await seal('access', consent.access),
    refresh,
    previousRefresh: null,
    scopes: consent.scopes,
    // A new consent begins anew: nothing is known yet of how its refresh token ends.
    ...planLife(auth, row, clocks, null),
  }
}
