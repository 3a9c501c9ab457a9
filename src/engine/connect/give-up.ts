import type { Provider } from '@patchbay/kit'
import type { Grant } from '../../ports/grants.ts'
import type { Deps } from '../deps.ts'
import { markNeedsReauth } from './connection-states.ts'
import type { ReauthCause } from './reasons.ts'
import { lookAgainLater } from './second-look.ts'

/**
 * Ends a grant that its provider confirmed to be over, and asks its owners to consent again. False when somebody renewed it meanwhile. Where the
 * word of the provider might have been a mistake, a job that looks again stands ready before the first step.
 */
export async function giveUp(
  deps: Deps,
  provider: Provider,
  grant: Grant,
  { cause, leaseId }: { cause: ReauthCause; leaseId: string },
): Promise<boolean> {
  const { environmentId, id, generation } = grant
  if (doubtful.has(cause)) await lookAgainLater(deps, { environmentId, grantId: id, generation, look: 0 })
  const outcome = { leaseId, state: 'dead', cause, refreshDueAt: null } as const
  const along = { at: deps.clock.now(), actor: `provider:${provider.id}` } as const
  if (!(await deps.grants.release(environmentId, id, generation, outcome, along))) return false
  await markNeedsReauth(deps, provider, grant, cause)
  return true
}

/** A clock that ran out and an answer that was lost explain themselves; these are the provider's word alone. */
const doubtful: ReadonlySet<ReauthCause> = new Set(['refresh_refused', 'revoked', 'key_refused'])
