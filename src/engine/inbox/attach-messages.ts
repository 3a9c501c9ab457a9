import { minute } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Deps } from '../deps.ts'
import { inEachEnvironment } from '../in-each-environment.ts'

type Needs = Pick<Deps, 'inbox' | 'clock' | 'log'>

/**
 * What came in about an account while nobody had connected it is worked through now that somebody has. Also by the hour for all connections, for those
 * whose process died in between; what still matches nobody was left alone, so that costs a look into an index.
 */
export async function attachMessages(deps: Needs, connections: readonly Connection[]): Promise<void> {
  const keyOf = ({ environmentId, integrationId }: Connection) => JSON.stringify([environmentId, integrationId])
  for (const group of Map.groupBy(connections, keyOf).values()) {
    const { environmentId, integrationId } = group[0]!
    const accounts = group.map(({ account }) => account.id)
    let attached = 0
    for (let before: string | undefined; ; ) {
      const query = { state: 'unmatched', integrationId, accounts, limit: 200, before } as const
      const page = await deps.inbox.list(environmentId, query)
      // One that was already looked at after the connection was made is unmatched for another reason.
      const fresh = page.filter(({ accounts, processedAt }) =>
        group.some(
          ({ account, createdAt }) => accounts.includes(account.id) && (processedAt ?? 0) <= createdAt + meanwhileMs,
        ),
      )
      const ids = fresh.map(({ id }) => id)
      if (ids.length > 0) attached += await deps.inbox.replay(environmentId, ids, deps.clock.now())
      if (page.length < 200) break
      before = page.at(-1)!.id
    }
    if (attached > 0) deps.log.info('inbox.attached', { environmentId, integrationId, count: attached })
  }
}

/** For every connection there is. */
export async function runAttach(
  deps: Needs & Pick<Deps, 'directory' | 'connections'>,
  signal?: AbortSignal,
): Promise<void> {
  const limit = 200
  const attachIn = async ({ id }: { id: string }) => {
    for (let after: string | undefined; !signal?.aborted; ) {
      const page = await deps.connections.list(id, { limit, after })
      await attachMessages(deps, page)
      if (page.length < limit) break
      after = page.at(-1)!.id
    }
  }
  await inEachEnvironment(deps, await deps.directory.environments(), 'inbox.not_attached', attachIn, signal)
}

/** Somebody may have looked while the connection was being stored. */
const meanwhileMs = 5 * minute
