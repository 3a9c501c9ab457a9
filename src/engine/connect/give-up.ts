import { minute } from '@patchbay/kit'
import type { Grant } from '../../ports/grants.ts'
import type { Deps, Setting } from '../deps.ts'
import { isLiving } from '../recent.ts'
import { connectionsOf, markNeedsReauth, markRecovered } from './connection-states.ts'
import type { TokenPlace } from './exchange.ts'
import { findPlace } from './find-place.ts'
import type { ReauthCause } from './reasons.ts'
import { lookAgainLater } from './second-look.ts'

/** The job that tells connections of a grant that is over, where the process died that should have. */
export const tellEndQueue = 'connect.tell-end'

export interface TellEndJob {
  readonly environmentId: string
  readonly grantId: string
  readonly generation: number
}

/**
 * Ends a grant that its provider confirmed to be over, and asks its owners to consent again. False when somebody renewed it meanwhile. Before the first
 * step a job stands ready that does the second, since nobody may use that grant for long and find out; and where the word of the provider might have
 * been a mistake, one that looks again.
 */
export async function giveUp(
  deps: Deps,
  setting: Setting,
  place: Place,
  grant: Grant,
  { cause, leaseId }: { cause: ReauthCause; leaseId: string },
): Promise<boolean> {
  const { environmentId, id, generation } = grant
  const key = `${environmentId} ${id} ${generation}`
  const at = deps.clock.now() + 2 * minute
  await deps.jobs.send(tellEndQueue, { environmentId, grantId: id, generation }, { at, key })
  if (doubtful.has(cause)) await lookAgainLater(deps, { environmentId, grantId: id, generation, look: 0 })
  const outcome = { leaseId, state: 'dead', cause, refreshDueAt: null } as const
  const along = { at: deps.clock.now(), actor: `provider:${place.provider.id}` } as const
  if (!(await deps.grants.release(environmentId, id, generation, outcome, along))) return false
  await tellOver(deps, setting, place, grant, cause)
  return true
}

type Place = Pick<TokenPlace, 'provider' | 'integration'>

/**
 * Tells the connections of a grant that it is over, each only while that is so. Who stores tokens after one was told lets it work again, and may die before
 * that; so whoever told looks once more afterwards.
 */
export async function tellOver(
  deps: Deps,
  setting: Setting,
  { provider, integration }: Place,
  grant: Grant,
  cause: ReauthCause,
): Promise<void> {
  await markNeedsReauth(deps, provider, grant, cause)
  const late = await deps.grants.read(grant.environmentId, grant.id)
  if (!late || !isLiving(late)) return
  for (const connection of await connectionsOf(deps, late))
    if (connection.state === 'needs_reauth')
      await markRecovered(deps, setting, integration, late, connection, `provider:${provider.id}`)
}

/** Says nothing a second time. */
export async function runTellEnd(deps: Deps, setting: Setting, job: TellEndJob): Promise<void> {
  const grant = await deps.grants.read(job.environmentId, job.grantId)
  if (grant?.state !== 'dead' || grant.generation !== job.generation) return
  const place = await findPlace(deps, setting, job.environmentId, grant.integrationId)
  await tellOver(deps, setting, place, grant, grant.cause as ReauthCause)
}

/** A clock that ran out and an answer that was lost explain themselves; these are the provider's word alone. */
const doubtful: ReadonlySet<ReauthCause> = new Set(['refresh_refused', 'revoked', 'key_refused'])
