import type { Provider } from '@patchbay/kit'
import type { Along } from '../../ports/along.ts'
import type { Connection } from '../../ports/connections.ts'
import type { Grant } from '../../ports/grants.ts'
import type { Deps, Setting } from '../deps.ts'
import { connectionEvent, connectionsOf } from './connection-states.ts'
import { findPlace } from './find-place.ts'
import { endingClock, warningAfter, warningStep } from './grant-end.ts'
import { expiringTask } from './person-tasks.ts'
import { unitOfGrant } from './plan-refresh.ts'

type Needs = Pick<Deps, 'clock' | 'random' | 'grants' | 'connections' | 'directory' | 'log'>

/**
 * Warns of ends that only a person can put off: 14, 7, 3 and 1 days ahead. Each step is one event for each connection of the grant and one task in the
 * place of the one before, more urgent than that; the next consent closes it. The moment of the next warning stands in the grant's row and is moved on in the same
 * transaction, so however many processes look, one tells; after a time in which nobody looked only the newest step is told. Returns how many.
 */
export async function runWarnings(
  deps: Needs,
  setting: Setting,
  options: { limit?: number; signal?: AbortSignal } = {},
): Promise<number> {
  let told = 0
  for (const { environmentId, id } of await deps.grants.expiring(deps.clock.now(), options.limit ?? 1000)) {
    if (options.signal?.aborted) break
    const grant = await deps.grants.read(environmentId, id)
    if (grant && (await warnOf(deps, setting, grant))) told++
  }
  return told
}

async function warnOf(deps: Needs, setting: Setting, grant: Grant): Promise<boolean> {
  const { environmentId, id, endsAt, warnDueAt: dueAt } = grant
  const at = deps.clock.now()
  if (endsAt === null || dueAt === null || dueAt > at) return false
  const days = warningStep(endsAt, at)
  const nextAt = days === null ? null : warningAfter(endsAt, days, unitOfGrant(grant))
  const { provider } = await findPlace(deps, setting, environmentId, grant.integrationId)
  // What waits for its owner already has a task that says so.
  const concerned = (await connectionsOf(deps, grant)).filter(
    ({ state }) => state !== 'needs_reauth' && state !== 'revoked',
  )
  const along = days === null ? { at, actor: 'system' as const } : warning(deps, provider, grant, concerned, days)
  const told = await deps.grants.warn(environmentId, id, { dueAt, nextAt }, along)
  if (told && days !== null)
    deps.log.info('grant.expiring', { environmentId, grantId: id, days, connections: concerned.length })
  return told
}

function warning(
  deps: Pick<Deps, 'clock' | 'random'>,
  provider: Provider,
  grant: Grant,
  connections: readonly Connection[],
  days: number,
): Along {
  const endsAt = grant.endsAt!
  const clock = endingClock(grant)
  const tasks = connections.map((connection) => expiringTask(deps, provider, connection, { days, endsAt, clock }))
  const events = connections.map((connection, n) =>
    connectionEvent(deps, 'connection.expiring', connection, {
      days,
      clock,
      endsAt: new Date(endsAt).toISOString(),
      says: tasks[n]!.description,
    }),
  )
  // In the place of the one before: who was told of that one, or has put it off, is asked anew.
  const closeTasks = connections.map(({ id }) => ({ connectionId: id, kind: 'reconnect' as const }))
  return { at: deps.clock.now(), actor: 'system', events, closeTasks, openTasks: tasks }
}
