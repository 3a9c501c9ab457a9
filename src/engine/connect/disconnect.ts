import { Fault, isFault, minute, second } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { Connection } from '../../ports/connections.ts'
import type { Grant } from '../../ports/grants.ts'
import type { Deps, Setting } from '../deps.ts'
import { recentMs } from '../recent.ts'
import type { Vault } from '../vault/vault.ts'
import { connectionEvent, connectionsOf } from './connection-states.ts'
import type { Exchange } from './exchange.ts'
import { findPlace } from './find-place.ts'
import { revokeTokens } from './revoke-tokens.ts'
import { leaseMs } from './send-token-request.ts'

export interface DisconnectParts {
  readonly deps: Deps
  readonly setting: Setting
  readonly vault: Vault
  readonly exchange: Exchange
}

/** The job that gives back grants whose process died, or whose provider was away, before it was done. */
export const retireGrantQueue = 'connect.retire-grant'

/**
 * Disconnects for good. First the state, so that no call is authorized any more (I04); then the tokens, when nobody else uses them: given back at
 * the provider, then forgotten. A job stands ready before the first step, so that a crash in between leaves nothing behind.
 */
export async function runDisconnect(parts: DisconnectParts, connection: Connection, actor: Actor): Promise<void> {
  const { deps } = parts
  const { environmentId, id, grantId } = connection
  if (connection.state === 'disconnected') return
  const job = { environmentId, grantId }
  await deps.jobs.send(retireGrantQueue, job, {
    at: deps.clock.now() + 90 * second,
    key: `${environmentId} ${grantId}`,
  })
  const change = {
    from: ['pending', 'healthy', 'degraded', 'needs_reauth', 'revoked', 'paused'],
    to: 'disconnected',
    reason: 'disconnected',
  } as const
  await deps.connections.move(environmentId, id, change, {
    at: deps.clock.now(),
    actor,
    events: [connectionEvent(deps, 'connection.disconnected', connection)],
    audit: [{ id: deps.random.id('aud'), action: 'connection.disconnected', subject: id }],
    closeTasks: [
      { connectionId: id, kind: 'reconnect' },
      { connectionId: id, kind: 'grant_permission' },
      { connectionId: id, kind: 'check_account' },
    ],
  })
  await deps.schedule.block(environmentId, id, { blocked: 'disconnected' })
  // Until every process knows: a token is not given back while somebody may still use it.
  await deps.clock.sleep(recentMs)
  try {
    await runRetireGrant(parts, job)
  } catch (error) {
    // It is disconnected; the job gives the tokens back when the provider can be asked.
    deps.log.warn('connect.revoke_later', { environmentId, grantId, error })
  }
}

/** For a grant that seems to have no connection, some minutes on: it may only be that they are being made. */
export async function retireLater(
  deps: Pick<Deps, 'clock' | 'jobs'>,
  { environmentId, id }: Pick<Grant, 'environmentId' | 'id'>,
): Promise<void> {
  const at = deps.clock.now() + 5 * minute
  await deps.jobs.send(retireGrantQueue, { environmentId, grantId: id }, { at, key: `${environmentId} ${id}` })
}

/**
 * Gives a grant back that no connection uses any more. Holds the refresh lease meanwhile, so that nobody renews what is being given back. Throws when
 * the provider could not be asked, or tokens are renewed meanwhile: the job is repeated then. `last` gives up the tokens all the same: they are of no
 * more use.
 */
export async function runRetireGrant(
  parts: DisconnectParts,
  job: { environmentId: string; grantId: string },
  options: { last?: boolean } = {},
): Promise<void> {
  const { deps } = parts
  const { environmentId, grantId } = job
  const grant = await deps.grants.read(environmentId, grantId)
  if (!grant || grant.state === 'revoked') return
  if ((await connectionsOf(deps, grant)).length > 0) return
  const now = deps.clock.now()
  const lease = { generation: grant.generation, leaseId: deps.random.id('lse'), now, until: now + leaseMs }
  // A dead grant has no refresh to keep off, and none can begin.
  if (grant.state !== 'dead' && !(await deps.grants.lease(environmentId, grantId, lease)))
    throw new Fault('platform.busy', 'The grant is being renewed right now.')
  const outcome = grant.state === 'dead' ? 'final' : await giveBack(parts, grant)
  if (outcome === 'again' && !options.last) {
    const { state, cause, refreshDueAt } = grant
    const release = { leaseId: lease.leaseId, state, cause, refreshDueAt }
    await deps.grants.release(environmentId, grantId, grant.generation, release, {
      at: deps.clock.now(),
      actor: 'system',
    })
    throw new Fault('provider.down', 'The platform could not be asked to take the access back.')
  }
  const detail = { atProvider: outcome === 'final' }
  const along = {
    at: deps.clock.now(),
    actor: 'system',
    audit: [{ id: deps.random.id('aud'), action: 'grant.revoked', subject: grantId, detail }],
  } as const
  // Whoever consented anew meanwhile put other tokens into it, and those are in use.
  if (!(await deps.grants.forget(environmentId, grantId, 'revoked', along, grant.generation)))
    throw new Fault('platform.busy', 'The grant got new tokens meanwhile.')
}

/** `again` also where nobody can ask: the app is not set up any more, or its platform is gone. */
async function giveBack({ deps, setting, vault, exchange }: DisconnectParts, grant: Grant): Promise<'final' | 'again'> {
  const { environmentId, id, integrationId } = grant
  try {
    return await revokeTokens(vault, exchange, await findPlace(deps, setting, environmentId, integrationId), grant)
  } catch (error) {
    if (!isFault(error)) throw error
    deps.log.warn('connect.cannot_give_back', { environmentId, grantId: id, error })
    return 'again'
  }
}
