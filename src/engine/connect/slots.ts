import { minute, type Provider, parseDuration } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Connection } from '../../ports/connections.ts'
import type { Integration } from '../../ports/directory.ts'
import type { Deps } from '../deps.ts'
import { unitOf } from '../unit-of.ts'
import { missingForStream, offeredStreams } from './scopes.ts'

/**
 * Puts every stream of a connection into the schedule: the numbers that people look at first are due at once, the others within half a minute, each
 * at a moment of its own so that many new connections do not all call together; quotas hold back what is too much. What lacks a permission is blocked with that reason.
 * Slots that are already there keep their time and take the new `blocked`. `only`: no others than these streams.
 */
export async function putSlots(
  deps: Pick<Deps, 'schedule'>,
  provider: Provider,
  integration: Integration,
  connection: Connection,
  now: Instant,
  only?: readonly string[],
): Promise<void> {
  const streams = offeredStreams(provider, integration).filter(([name]) => only?.includes(name) ?? true)
  const slots = streams.map(([name, stream]) => {
    const everyMs = parseDuration(stream.every)
    const laterMs = Math.floor(unitOf(`${connection.id}/${name}`) * Math.min(everyMs, minute / 2))
    return {
      connectionId: connection.id,
      provider: provider.id,
      integrationId: integration.id,
      stream: name,
      everyMs,
      dueAt: stream.headline ? now : now + laterMs,
      lane: stream.headline ? ('interactive' as const) : ('scheduled' as const),
      blocked: missingForStream(stream, connection.missingScopes).length > 0 ? 'missing_scope' : null,
    }
  })
  if (slots.length > 0) await deps.schedule.put(connection.environmentId, slots)
}

/** Streams that stand still because of missing permissions. */
export function blockedStreams(provider: Provider, integration: Integration, missing: readonly string[]): string[] {
  const streams = offeredStreams(provider, integration)
  return streams.filter(([, stream]) => missingForStream(stream, missing).length > 0).map(([name]) => name)
}

/** Each missing permission, with the streams that stand still because of it, by name. */
export function switchedOff(
  provider: Provider,
  integration: Integration,
  missing: readonly string[],
): { scope: string; streams: string[] }[] {
  return missing.map((scope) => ({ scope, streams: blockedStreams(provider, integration, [scope]) }))
}
