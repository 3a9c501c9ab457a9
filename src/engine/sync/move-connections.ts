import { dayMs, type FaultCode, faults } from '@patchbay/kit'
import type { Along } from '../../ports/along.ts'
import type { Connection, ConnectionState } from '../../ports/connections.ts'
import { connectionEvent, workingState } from '../connect/connection-states.ts'
import { accountTask, permissionTask } from '../connect/person-tasks.ts'
import { reasonSays } from '../connect/reasons.ts'
import { accountFaults, degrades, failuresUntilDegraded } from './outcome.ts'
import type { Prepared } from './prepare-run.ts'
import type { SyncDeps } from './run-stream.ts'
import type { Settled } from './settle-run.ts'

/**
 * What a run says about its connections: the first success makes a pending one healthy, some failed runs in a row make it degraded, and it is healthy
 * again when no stream of it fails any more. An outage never asks for a person: needs_reauth is the connect part's to say.
 */
export async function moveConnections(deps: SyncDeps, prepared: Prepared, settled: readonly Settled[]): Promise<void> {
  for (const one of settled) {
    const { connection } = one.ready
    const { fault, failures } = one.outcome
    if (fault === null) await recover(deps, one)
    else if (fault === 'connection.scopes') await lackPermission(deps, prepared, one)
    else if (degrades(fault) && failures >= failuresUntilDegraded && connection.reason !== 'missing_scope')
      await degrade(deps, prepared, one, fault)
  }
}

async function degrade(
  deps: SyncDeps,
  { provider }: Prepared,
  { ready: { connection }, outcome: { failures, says } }: Settled,
  reason: FaultCode,
): Promise<void> {
  const isNews = connection.state !== 'degraded' || failures === failuresUntilDegraded
  const asks = isNews && accountFaults.has(reason) && (await areFew(deps, connection, reason))
  const openTasks = asks ? [await accountTask(deps, provider, connection, says ?? faults[reason].says)] : []
  if (await move(deps, connection, ['pending', 'healthy'], { to: 'degraded', reason }, { openTasks })) return
  if (openTasks.length === 0) return
  // It was degraded by something else already, or a person paused or disconnected it meanwhile: then nothing would close what is asked.
  const current = await deps.connections.read(connection.environmentId, connection.id)
  if (current?.state === 'degraded')
    await deps.journal.note(connection.environmentId, { at: deps.clock.now(), actor: 'schedule', openTasks })
}

/** Where more are gone at once than a few, it is rather the platform that took a part of its API away (F30): nobody is asked about each. */
async function areFew(
  deps: SyncDeps,
  { environmentId, integrationId }: Connection,
  reason: FaultCode,
): Promise<boolean> {
  const alike = await deps.connections.list(environmentId, {
    integration: integrationId,
    state: 'degraded',
    reason,
    stateSince: deps.clock.now() - atOnceMs,
    limit: mostAsked,
  })
  return alike.length < mostAsked
}

const mostAsked = 5
/** Two readings of what is looked for once a day. */
const atOnceMs = 2 * dayMs

async function recover(deps: SyncDeps, { ready: { connection, slot } }: Settled): Promise<void> {
  const next = workingState(connection)
  if (connection.state === 'healthy' || (connection.state === next.to && connection.reason === next.reason)) return
  if (connection.state === 'degraded') {
    const slots = await deps.schedule.of(connection.environmentId, [connection.id])
    const ails = slots.some(
      ({ stream, failures, lastFault, blocked }) =>
        stream !== slot.stream && blocked === null && lastFault !== null && failures >= failuresUntilDegraded,
    )
    if (ails) return
  }
  await move(deps, connection, ['pending', 'degraded'], next, {
    closeTasks: [{ connectionId: connection.id, kind: 'check_account' }],
  })
}

/** The platform says so; the consent did not. */
async function lackPermission(
  deps: SyncDeps,
  prepared: Prepared,
  { ready: { connection, slot } }: Settled,
): Promise<void> {
  const { provider, integration, stream } = prepared
  const { environmentId, id } = connection
  const missing = stream.scopes ?? []
  if (missing.length === 0) return
  const missingScopes = [...new Set([...connection.missingScopes, ...missing])]
  const task = await permissionTask(deps, provider, integration, connection, missing, [slot.stream])
  const at = deps.clock.now()
  await deps.connections.update(environmentId, id, { missingScopes }, { at, actor: 'schedule', openTasks: [task] })
  await move(deps, connection, ['pending', 'healthy', 'degraded'], { to: 'degraded', reason: 'missing_scope' })
}

async function move(
  deps: SyncDeps,
  connection: Connection,
  from: readonly ConnectionState[],
  { to, reason }: { to: ConnectionState; reason: string | null },
  tasks: Pick<Along, 'openTasks' | 'closeTasks'> = {},
): Promise<boolean> {
  const says = reasonSays({ reason, missingScopes: connection.missingScopes })
  const event = connectionEvent(deps, `connection.${to}`, connection, { reason, says })
  const along: Along = { at: deps.clock.now(), actor: 'schedule', events: [event], ...tasks }
  const moved = await deps.connections.move(connection.environmentId, connection.id, { from, to, reason }, along)
  if (moved) deps.log.info('connection.moved', { connectionId: connection.id, from: connection.state, to, reason })
  return moved
}
