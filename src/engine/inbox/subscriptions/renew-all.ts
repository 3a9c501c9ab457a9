import type { Deps } from '../../deps.ts'
import { keepSubscriptionsQueue } from './subscription-jobs.ts'

/** After an app's secrets changed: platforms that sign with a key made of one of them have to be told the new key while the earlier one still counts. */
export async function renewSubscriptions(
  deps: Pick<Deps, 'clock' | 'jobs' | 'subscriptions'>,
  environmentId: string,
  provider: string,
  integrationId: string,
): Promise<void> {
  const limit = 200
  let hastened = 0
  for (let after: string | undefined; ; ) {
    const page = await deps.subscriptions.list(environmentId, { limit, after, provider })
    const ids = page.filter((row) => row.integrationId === integrationId).map(({ id }) => id)
    if (ids.length > 0) hastened += await deps.subscriptions.hasten(environmentId, ids, deps.clock.now())
    if (page.length < limit) break
    after = page.at(-1)!.id
  }
  if (hastened > 0) await deps.jobs.send(keepSubscriptionsQueue, {}, { key: 'now' })
}
