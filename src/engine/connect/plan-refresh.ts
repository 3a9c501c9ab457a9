import { type Auth, dayMs, minute } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Grant } from '../../ports/grants.ts'
import { unitOf } from '../unit-of.ts'

export type Clocks = Pick<Grant, 'refreshedAt' | 'accessExpiresAt' | 'refreshExpiresAt' | 'endsAt'> & {
  readonly refreshable: boolean
}

/**
 * When the background looks whether tokens are to be renewed, or null when nothing ever needs it: when the access token is old, or when the grant
 * must be kept alive, whichever comes first. `unit`, in [0, 1), spreads the grants that were made together.
 */
export function planRefresh(auth: Auth, clocks: Clocks, unit: number): Instant | null {
  return earliest(accessOldAt(auth, clocks, unit), keepAliveAt(auth, clocks, unit))
}

/**
 * From when on the access token is renewed if anybody is to use it; callers keep it meanwhile. At least five minutes and a fifth of its life before
 * it expires, but not in its first half, so that tokens of a minute are not refreshed all the time. Null when it never expires, or nothing renews it.
 */
export function accessOldAt(auth: Auth, clocks: Clocks, unit: number): Instant | null {
  const { refreshedAt, accessExpiresAt } = clocks
  const renewable =
    auth.scheme === 'client_credentials' ||
    (auth.scheme === 'oauth2' && ['keeps', 'rotates'].includes(auth.refresh.model) && clocks.refreshable)
  return renewable ? before(refreshedAt, accessExpiresAt, unit) : null
}

/**
 * When the grant must be renewed although nobody uses it. Once a day, so that access which was taken back is noticed (F60) also where everything is
 * read with the app's own credential. A refresh token that dies of idleness is used before half of that time is over (F63); one with an end of
 * its own in time to see whether that end moves before anybody is warned of it, and no more when it does not. A token that is extended: after
 * its age and before its end.
 */
export function keepAliveAt(auth: Auth, clocks: Clocks, unit: number): Instant | null {
  if (auth.scheme !== 'oauth2') return null
  const { refreshedAt, accessExpiresAt, refreshExpiresAt, endsAt } = clocks
  const early = 1 - unit * 0.1
  const { refresh } = auth
  if (refresh.model === 'extends') {
    const dueAt = refreshedAt + Math.max(refresh.refreshAfterMs * early, refresh.minAgeMs)
    // It can only be extended while it lives.
    return earliest(dueAt, before(refreshedAt + refresh.minAgeMs, accessExpiresAt, unit))
  }
  if (refresh.model === 'none' || !clocks.refreshable) return null
  const oldAt = accessOldAt(auth, clocks, unit)
  const ends = endsAt !== null && refreshExpiresAt !== null && endsAt <= refreshExpiresAt
  return earliest(
    oldAt === null ? null : Math.max(oldAt, refreshedAt + dayMs * early),
    auth.idle ? refreshedAt + ((auth.idle.days * dayMs) / 2) * early : null,
    ends ? null : before(refreshedAt, refreshExpiresAt, unit, beforeWarnings),
  )
}

/** Whether a caller who uses the token now should have it renewed on the way. After a failure not before the time that it named. */
export function isOld(auth: Auth, grant: Grant, now: Instant): boolean {
  if (grant.attempts > 0 && grant.refreshDueAt !== null && grant.refreshDueAt > now) return false
  const clocks = clocksOf(grant)
  // Most calls are far from it, and need not know whose turn comes first.
  const firstAt = planRefresh(auth, clocks, 1)
  if (firstAt === null || firstAt > now) return false
  const oldAt = planRefresh(auth, clocks, unitOfGrant(grant))
  return oldAt !== null && oldAt <= now
}

/** The share by which a grant's moments differ from those of others. It stays the same while its tokens do. */
export const unitOfGrant = ({ id, generation }: Pick<Grant, 'id' | 'generation'>): number =>
  unitOf(`${id}/${generation}`)

/** The clocks of a grant as it is stored. */
export const clocksOf = (grant: Grant): Clocks => ({ ...grant, refreshable: grant.refresh !== null })

/** Warnings begin two weeks ahead. */
const beforeWarnings = 15 * dayMs

function before(from: Instant, expiresAt: Instant | null, unit: number, leastMs = 5 * minute): Instant | null {
  if (expiresAt === null) return null
  const lifeMs = Math.max(0, expiresAt - from)
  const marginMs = Math.max(leastMs, lifeMs * 0.2) * (1 + unit * 0.25)
  return expiresAt - Math.min(marginMs, lifeMs / 2)
}

function earliest(...instants: (Instant | null)[]): Instant | null {
  const known = instants.filter((at) => at !== null)
  return known.length > 0 ? Math.round(Math.min(...known)) : null
}

/** Can more tokens be had without a person? */
export function canRefresh(auth: Auth, grant: Grant, now: Instant): boolean {
  if (auth.scheme === 'client_credentials') return grant.refresh !== null
  if (auth.scheme !== 'oauth2') return false
  const { model } = auth.refresh
  if (model === 'extends')
    return (
      grant.access !== null &&
      (grant.accessExpiresAt === null || grant.accessExpiresAt > now) &&
      now - grant.refreshedAt >= auth.refresh.minAgeMs
    )
  return model !== 'none' && grant.refresh !== null
}
