import { minute } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Grant } from '../../ports/grants.ts'
import type { Deps } from '../deps.ts'
import { connectionsOf } from './connection-states.ts'
import { retireLater } from './disconnect.ts'
import type { TokenPlace } from './exchange.ts'
import { accessOldAt, clocksOf, keepAliveAt, unitOfGrant } from './plan-refresh.ts'

/**
 * When the background has to renew a grant, or null when nobody is going to need it. An access token can be had at any time, so only what will be
 * used is renewed, some minutes before the reading that will use it, so that no reading waits for a token; whoever comes unannounced renews it on
 * the way. `ownApp`: what needs no permission is read with the app's own credential, and not with this one.
 */
export async function nextRenewal(
  deps: Pick<Deps, 'clock' | 'connections' | 'schedule' | 'jobs'>,
  place: TokenPlace,
  grant: Grant,
  options: { ownApp: boolean },
): Promise<Instant | null> {
  const { auth } = place.provider
  const [clocks, unit] = [clocksOf(grant), unitOfGrant(grant)]
  const keepAlive = keepAliveAt(auth, clocks, unit)
  const oldAt = accessOldAt(auth, clocks, unit)
  if (oldAt === null || grant.accessExpiresAt === null || (keepAlive !== null && keepAlive <= deps.clock.now()))
    return keepAlive
  const useAt = await nextUse(deps, place, grant, options.ownApp)
  if (useAt === null) return keepAlive
  const aheadMs = Math.min(mostAheadMs, (grant.accessExpiresAt - grant.refreshedAt) / 4) * (0.5 + unit / 2)
  const renewal = Math.round(Math.max(oldAt, useAt - aheadMs))
  return keepAlive === null ? renewal : Math.min(keepAlive, renewal)
}

/** When the next of the grant's streams is read by the schedule. One that is overdue is read any moment now. */
async function nextUse(
  deps: Pick<Deps, 'clock' | 'connections' | 'schedule' | 'jobs'>,
  { provider }: TokenPlace,
  grant: Grant,
  ownApp: boolean,
): Promise<Instant | null> {
  const connections = await connectionsOf(deps, grant)
  if (connections.length === 0) {
    await retireLater(deps, grant)
    return null
  }
  const ids = connections.map(({ id }) => id)
  const slots = await deps.schedule.of(grant.environmentId, ids)
  const times = slots
    .filter(
      ({ blocked, stream }) => blocked === null && (!ownApp || (provider.streams[stream]?.scopes ?? []).length > 0),
    )
    .map(({ dueAt }) => Math.max(dueAt, deps.clock.now()))
  return times.length > 0 ? Math.min(...times) : null
}

/** The background looks every minute, and many grants may be read at the same time. */
const mostAheadMs = 15 * minute
