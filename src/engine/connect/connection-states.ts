import type { Provider } from '@patchbay/kit'
import type { Actor, Along, NewEvent } from '../../ports/along.ts'
import type { Connection, ConnectionState } from '../../ports/connections.ts'
import type { Integration } from '../../ports/directory.ts'
import type { Grant } from '../../ports/grants.ts'
import type { Deps, Setting } from '../deps.ts'
import { livingStates } from '../recent.ts'
import { permissionTask, reconnectTask } from './person-tasks.ts'
import { type ReauthCause, reasonSays } from './reasons.ts'
import { missingScopes } from './scopes.ts'
import { putSlots } from './slots.ts'

type Needs = Pick<Deps, 'clock' | 'random' | 'connections' | 'schedule' | 'log'>

/** The state of a connection that works: whole, or in part when permissions are missing. Nobody else decides between the two. */
export function workingState(connection: Pick<Connection, 'missingScopes'>): {
  to: 'healthy' | 'degraded'
  reason: string | null
} {
  return connection.missingScopes.length > 0
    ? { to: 'degraded', reason: 'missing_scope' }
    : { to: 'healthy', reason: null }
}

/** Every connection of a grant that is not disconnected. */
export async function connectionsOf(
  deps: Pick<Deps, 'connections'>,
  grant: Pick<Grant, 'environmentId' | 'id'>,
): Promise<Connection[]> {
  const all: Connection[] = []
  for (let after: string | undefined; ; ) {
    const page = await deps.connections.list(grant.environmentId, { grant: grant.id, limit: 200, after })
    all.push(...page)
    if (page.length < 200) return all
    after = page.at(-1)!.id
  }
}

/** What happened to a connection, as the application hears it. */
export function connectionEvent(
  deps: Pick<Deps, 'random'>,
  type: string,
  connection: Connection,
  more: Record<string, unknown> = {},
): NewEvent {
  const { id, profileId, provider, integrationId, account } = connection
  return {
    id: deps.random.id('evt'),
    type,
    connectionId: id,
    profileId,
    data: { connection: id, profile: profileId, provider, integration: integrationId, account: account.id, ...more },
  }
}

/**
 * The grant is over, by the provider's word or because we gave it back: its connections wait for a person. Said once for each, with one task and one
 * event, however many notice, and only while it is over: somebody who stood still with new tokens in their hands may store them at any moment. A
 * paused connection stays paused; resuming it finds out.
 */
export async function markNeedsReauth(
  deps: Needs,
  provider: Provider,
  grant: Grant,
  cause: ReauthCause,
): Promise<void> {
  const over = { id: grant.id, states: ['dead', 'revoked'], generation: grant.generation } as const
  for (const connection of await connectionsOf(deps, grant)) {
    const { environmentId, id } = connection
    const change = { from: ['pending', 'healthy', 'degraded'], to: 'needs_reauth', reason: cause, grant: over } as const
    const moved = await deps.connections.move(environmentId, id, change, {
      at: deps.clock.now(),
      actor: `provider:${provider.id}`,
      events: [
        connectionEvent(deps, 'connection.needs_reauth', connection, {
          reason: cause,
          says: reasonSays({ reason: cause, missingScopes: [] }),
        }),
      ],
      audit: [{ id: deps.random.id('aud'), action: 'connection.needs_reauth', subject: id, detail: { cause } }],
      // A warning that it would end has come true.
      closeTasks: [{ connectionId: id, kind: 'reconnect' }],
      openTasks: [await reconnectTask(deps, provider, connection, cause)],
    })
    if (!moved) continue
    await deps.schedule.block(environmentId, id, { blocked: 'needs_reauth' })
    deps.log.warn('connection.needs_reauth', { environmentId, connectionId: id, provider: provider.id, cause })
  }
}

/**
 * The grant has tokens again, or other permissions than before: its connections take the state that follows, their streams are planned again, and
 * the tasks that are done are closed. `from` are the states that this ends.
 */
export async function markWorking(
  deps: Needs & Pick<Deps, 'journal'>,
  setting: Setting,
  integration: Integration,
  grant: Grant,
  connection: Connection,
  options: { actor: Actor; from: readonly ConnectionState[]; type?: string },
): Promise<Connection> {
  const at = deps.clock.now()
  const { provider, recovered, along } = await workingAgain(deps, setting, integration, grant, connection, {
    ...options,
    at,
  })
  const updated: Connection = { ...recovered, grantId: grant.id }
  const { environmentId, id, grantId, account, inputs, missingScopes } = updated
  const next = workingState(updated)
  const from = options.from.filter((state) => state !== next.to || state === 'degraded')
  // It is told, and its tasks are closed, together with its state: a process that dies before that leaves them to somebody.
  const moves = from.includes(connection.state)
  const quiet = { at, actor: options.actor }
  const change = { grantId, account, inputs, missingScopes }
  await deps.connections.update(environmentId, id, change, moves ? quiet : along)
  const moved = await deps.connections.move(environmentId, id, { from, ...next }, moves ? along : quiet)
  if (moves && !moved) await deps.journal.note(environmentId, along)
  if (connection.state !== 'paused') await putSlots(deps, provider, integration, updated, at)
  return moved ? { ...updated, state: next.to, reason: next.reason, stateAt: at } : updated
}

/** A connection with the permissions that its grant has now, and what is told along with that. */
async function workingAgain(
  deps: Needs,
  setting: Setting,
  integration: Integration,
  grant: Grant,
  connection: Connection,
  { at, actor, type }: { at: number; actor: Actor; type?: string },
): Promise<{ provider: Provider; recovered: Connection; along: Along }> {
  const provider = (await setting.providers.in(connection.environmentId)).get(connection.provider)!
  const missing = missingScopes(provider, integration, grant.scopes)
  const recovered: Connection = { ...connection, missingScopes: missing }
  const { id } = connection
  const more = missing.length > 0 ? { missingScopes: missing } : {}
  const along = {
    at,
    actor,
    events: type ? [connectionEvent(deps, type, recovered, more)] : [],
    audit: type ? [{ id: deps.random.id('aud'), action: type, subject: id, detail: more }] : [],
    closeTasks: [
      { connectionId: id, kind: 'reconnect' },
      // Whether the account is there is found out anew.
      { connectionId: id, kind: 'check_account' },
      // The same permissions are still missing: it is the same task, and whoever turned it down is not asked again.
      ...(sameScopes(missing, connection.missingScopes) ? [] : [{ connectionId: id, kind: 'grant_permission' }]),
    ],
    openTasks: missing.length > 0 ? [await permissionTask(deps, provider, integration, recovered, missing)] : [],
  } as const
  return { provider, recovered, along }
}

/**
 * The provider takes after all what it had refused: nobody has to act, and reading goes on at once. Of all who find out one says so, and nobody once the grant
 * is over again.
 */
export async function markRecovered(
  deps: Needs,
  setting: Setting,
  integration: Integration,
  grant: Grant,
  connection: Connection,
  actor: Actor,
): Promise<void> {
  const { environmentId, id } = connection
  const at = deps.clock.now()
  const { provider, recovered, along } = await workingAgain(deps, setting, integration, grant, connection, {
    ...{ at, actor, type: 'connection.recovered' },
  })
  const { missingScopes } = recovered
  const living = { id: grant.id, states: livingStates }
  const change = { from: ['needs_reauth'], ...workingState(recovered), grant: living, missingScopes } as const
  if (!(await deps.connections.move(environmentId, id, change, along))) return
  await putSlots(deps, provider, integration, recovered, at)
  await deps.schedule.wake(environmentId, id, { lane: 'scheduled', at })
}

export const sameScopes = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((scope) => other.includes(scope))
