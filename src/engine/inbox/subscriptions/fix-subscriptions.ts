import { Fault } from '@patchbay/kit'
import type { Engine } from '../../engine.ts'
import { standingOf } from './standing.ts'
import { keepSubscriptionsQueue } from './subscription-jobs.ts'
import { wantSubscriptions } from './want-subscriptions.ts'

/** Looks at the connections now instead of within the hour, and makes due what is not right. What is right stays. Returns how many were made due. */
export async function fixSubscriptions(
  { deps, setting }: Pick<Engine, 'deps' | 'setting'>,
  environmentId: string,
  { provider, connection }: { readonly provider?: string; readonly connection?: string },
): Promise<number> {
  if (connection !== undefined) {
    const found = await deps.connections.read(environmentId, connection)
    if (!found) throw new Fault('input.unknown', 'There is no such connection.')
    await wantSubscriptions(deps, setting, environmentId, [found])
  } else
    for (let after: string | undefined; ; ) {
      const page = await deps.connections.list(environmentId, { limit: pageSize, after, provider })
      await wantSubscriptions(deps, setting, environmentId, page)
      if (page.length < pageSize) break
      after = page.at(-1)!.id
    }
  const now = deps.clock.now()
  const connections = connection === undefined ? undefined : [connection]
  let hastened = 0
  for (let after: string | undefined; ; ) {
    const page = await deps.subscriptions.list(environmentId, { limit: pageSize, after, provider, connections })
    const amiss = page.filter((row) => standingOf(row, now) !== 'right').map(({ id }) => id)
    if (amiss.length > 0) hastened += await deps.subscriptions.hasten(environmentId, amiss, now)
    if (page.length < pageSize) break
    after = page.at(-1)!.id
  }
  if (hastened > 0) await deps.jobs.send(keepSubscriptionsQueue, {}, { key: 'now' })
  return hastened
}

const pageSize = 200
