import { second } from '@patchbay/kit'
import type { Connection } from '../../../ports/connections.ts'
import { type KeepParts, keepSubscription } from './keep-subscriptions.ts'

/**
 * Ends what a platform tells of an account that is about to be disconnected, while its token still works. What does not succeed now is tried again by
 * the job, and left alone where the platform ended it together with the access.
 */
export async function endSubscription(parts: KeepParts, { environmentId, id }: Connection): Promise<void> {
  const { deps } = parts
  const now = deps.clock.now()
  if ((await deps.subscriptions.unwant(environmentId, [id], now)) === 0) return
  const [row] = await deps.subscriptions.list(environmentId, { connections: [id], limit: 1 })
  if (!row) return
  try {
    await keepSubscription(parts, row, { patienceMs: 5 * second })
  } catch (error) {
    // Disconnecting goes on whatever happens here; the row stays, and the job comes back to it.
    deps.log.warn('subscription.end_later', { environmentId, connectionId: id, error })
  }
}
