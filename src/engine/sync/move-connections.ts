import type { Along } from '../../ports/along.ts'
import type { Connection, ConnectionState } from '../../ports/connections.ts'
import { connectionEvent, workingState } from '../connect/connection-states.ts'
import { permissionTask } from '../connect/person-tasks.ts'
import { reasonSays } from '../connect/reasons.ts'
import { degrades, failuresUntilDegraded } from './outcome.ts'
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
      await move(deps, connection, ['pending', 'healthy'], { to: 'degraded', reason: fault })
  }
}

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
  await move(deps, connection, ['pending', 'degraded'], next)
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
): Promise<void> {
  const says = reasonSays({ reason, missingScopes: connection.missingScopes })
  const event = connectionEvent(deps, `connection.${to}`, connection, { reason, says })
  const along: Along = { at: deps.clock.now(), actor: 'schedule', events: [event] }
  const moved = await deps.connections.move(connection.environmentId, connection.id, { from, to, reason }, along)
  if (moved) deps.log.info('connection.moved', { connectionId: connection.id, from: connection.state, to, reason })
}
