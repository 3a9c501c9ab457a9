import type { Deps } from '../deps.ts'
import type { OpenCredentials } from './credentials.ts'

/**
 * Sees to every grant whose time has come, longest due first, fifty at a time: it is renewed, or looked at later. A grant that cannot be renewed now
 * gets a later time from its refresh, so the next run meets others. Returns how many were looked at.
 */
export async function runDueRefreshes(
  deps: Pick<Deps, 'clock' | 'grants' | 'log'>,
  credentials: Pick<OpenCredentials, 'renewDue'>,
  options: { limit?: number; signal?: AbortSignal } = {},
): Promise<number> {
  const due = await deps.grants.due(deps.clock.now(), options.limit ?? mostAtOnce)
  const waiting = due.values()
  const work = async () => {
    for (const { environmentId, id } of waiting) {
      if (options.signal?.aborted) return
      await credentials.renewDue(environmentId, id)
    }
  }
  await Promise.all(Array.from({ length: together }, work))
  return due.length
}

/** More than a token endpoint takes in the minute until the next run. */
const mostAtOnce = 1500

/** So many that slow answers do not hold up the others: at three seconds each, a thousand a minute. */
const together = 50
