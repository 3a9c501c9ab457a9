import { Fault, second } from '@patchbay/kit'
import type { Grant } from '../../ports/grants.ts'
import type { Vault } from '../vault/vault.ts'
import { connectionsOf, markRecovered, markWorking, sameScopes } from './connection-states.ts'
import { retireLater } from './disconnect.ts'
import type { TokenPlace } from './exchange.ts'
import { clearIncident } from './integration-incident.ts'
import type { Refreshed, RefreshParts } from './refresh-grant.ts'
import { revokeTokens } from './revoke-tokens.ts'
import type { NextTokens } from './seal-tokens.ts'

/** Only what is committed may be used. When nobody knows whether it is, it is looked up, and written again from memory where it is not. */
export async function storeTokens(
  parts: RefreshParts,
  place: TokenPlace,
  grant: Grant,
  next: NextTokens,
  leaseId: string,
): Promise<Refreshed> {
  const { deps } = parts
  const { environmentId, id, generation } = grant
  const at = deps.clock.now()
  const along = {
    at,
    actor: `provider:${place.provider.id}`,
    events: [
      {
        id: deps.random.id('evt'),
        type: 'grant.refreshed',
        data: { grant: id, generation: generation + 1, accessExpiresAt: next.accessExpiresAt },
      },
    ],
    audit: [
      { id: deps.random.id('aud'), action: 'grant.refreshed', subject: id, detail: { generation: generation + 1 } },
    ],
  } as const
  let stored = false
  for (let attempt = 0; ; attempt++) {
    try {
      if (attempt > 0) {
        const seen = await deps.grants.read(environmentId, id)
        stored = await isStored(parts.vault, seen, grant, next)
        if (stored || seen?.generation !== generation) break
      }
      stored = await deps.grants.commit(environmentId, id, generation, { ...next, askedUnder: leaseId }, along)
      break
    } catch (error) {
      deps.log.error('grant.commit_unknown', { environmentId, grantId: id, generation, attempt, error })
      if (attempt >= mostCommits)
        return { kind: 'failed', fault: new Fault('platform.storage', undefined, { grant: id }, error) }
      await deps.clock.sleep(Math.min(250 * 2 ** attempt, 5 * second))
    }
  }
  parts.circuit.succeeded(place.integration)
  await clearIncident(deps, place.integration)
  try {
    if (stored) await afterNewTokens(parts, place, grant, next)
    else await afterLosingTheRace(parts, place, grant, next)
  } catch (error) {
    deps.log.error('grant.after_refresh', { environmentId, grantId: id, error })
  }
  return { kind: 'fresh' }
}

/** Whether it was these tokens that made the next generation. They may have been sealed anew in the meantime, by a rotation of the data key. */
async function isStored(vault: Vault, seen: Grant | null, grant: Grant, next: NextTokens): Promise<boolean> {
  if (!seen?.access || !next.access || seen.generation !== grant.generation + 1) return false
  const binding = { row: grant.id, field: 'access', generation: seen.generation }
  return seen.access === next.access || vault.isSame(grant.environmentId, binding, seen.access, next.access)
}

/** Others stored newer tokens, or somebody disconnected meanwhile: then nobody else can give these back. */
async function afterLosingTheRace(
  parts: RefreshParts,
  place: TokenPlace,
  grant: Grant,
  next: NextTokens,
): Promise<void> {
  const { deps, vault, exchange } = parts
  const { environmentId, id, generation } = grant
  deps.log.warn('grant.commit_late', { environmentId, grantId: id, generation })
  const seen = await deps.grants.read(environmentId, id)
  if (seen?.state === 'revoked')
    await revokeTokens(vault, exchange, place, { ...grant, ...next, generation: generation + 1 })
}

/** About ten minutes: as long as the process lives with the tokens in memory, a database that comes back gets them. */
const mostCommits = 120

/** Permissions may have changed, or another process had given the grant up while these tokens were on their way. */
async function afterNewTokens(parts: RefreshParts, place: TokenPlace, grant: Grant, next: NextTokens): Promise<void> {
  const { deps, setting } = parts
  const connections = await connectionsOf(deps, grant)
  // A consent whose connections were never made, because a process died in between.
  if (connections.length === 0) await retireLater(deps, grant)
  const changed = !sameScopes(next.scopes, grant.scopes)
  for (const connection of connections) {
    const waits = connection.state === 'needs_reauth'
    if (!changed && !waits) continue
    const renewed = { ...grant, scopes: next.scopes }
    const actor = `provider:${place.provider.id}` as const
    if (waits) {
      await markRecovered(deps, setting, place.integration, renewed, connection, actor)
      continue
    }
    const options = { actor, from: ['healthy', 'degraded'], type: 'connection.scopes_changed' } as const
    await markWorking(deps, setting, place.integration, renewed, connection, options)
  }
}
