import { type Auth, dayMs, minute } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Grant } from '../../ports/grants.ts'

/** Which of a grant's clocks ends it: the consent itself, the refresh token, or an access token that nothing renews. */
export type EndingClock = 'dataAccess' | 'refresh' | 'access'

/** How many days ahead an end is warned of. */
export const warningDays = [14, 7, 3, 1] as const

/**
 * When a grant ends unless a person consents again; null while it renews itself. The consent's own clock is always a person's. A refresh token's
 * end is one when a renewal did not move it: `before` is the grant as it was until then. An access token's when there is nothing to renew it with.
 */
export function endOf(
  auth: Auth,
  next: Pick<Grant, 'refreshedAt' | 'accessExpiresAt' | 'refreshExpiresAt' | 'dataAccessExpiresAt'> & {
    readonly refreshable: boolean
  },
  before: Pick<Grant, 'refreshedAt' | 'refreshExpiresAt' | 'endsAt'> | null,
): Instant | null {
  if (auth.scheme !== 'oauth2') return null
  const { model } = auth.refresh
  const renews = model === 'extends' || (model !== 'none' && next.refreshable)
  const ends = [
    next.dataAccessExpiresAt,
    renews && model !== 'extends' && isFixed(next, before) ? next.refreshExpiresAt : null,
    renews ? null : next.accessExpiresAt,
  ].filter((at) => at !== null)
  return ends.length > 0 ? Math.min(...ends) : null
}

/** Whether a renewal left the refresh token's end where it was. Two renewals close together prove nothing new. */
function isFixed(
  next: Pick<Grant, 'refreshedAt' | 'refreshExpiresAt'>,
  before: Pick<Grant, 'refreshedAt' | 'refreshExpiresAt' | 'endsAt'> | null,
): boolean {
  if (!before || before.refreshExpiresAt === null || next.refreshExpiresAt === null) return false
  const movedMs = next.refreshExpiresAt - before.refreshExpiresAt
  const passedMs = next.refreshedAt - before.refreshedAt
  if (passedMs >= 10 * minute) return movedMs < passedMs / 2
  return before.endsAt !== null && before.endsAt <= before.refreshExpiresAt && movedMs < 10 * minute
}

/** When a grant with new tokens is first warned of: at once, when its end is near already. `unit`, in [0, 1), spreads those that end together over an hour. */
export function firstWarningAt(endsAt: Instant | null, now: Instant, unit: number): Instant | null {
  if (endsAt === null || endsAt <= now) return null
  return Math.max(now, warningAt(endsAt, warningDays[0], unit))
}

/** The warning after that of so many days; null after the last. */
export function warningAfter(endsAt: Instant, told: number, unit: number): Instant | null {
  const days = warningDays.find((days) => days < told)
  return days === undefined ? null : warningAt(endsAt, days, unit)
}

const warningAt = (endsAt: Instant, days: number, unit: number): Instant =>
  Math.round(endsAt - days * dayMs + unit * spreadMs)

/** The step that is due: of several that were slept through, the newest. Null before the first, and when it is over. */
export function warningStep(endsAt: Instant, now: Instant): (typeof warningDays)[number] | null {
  if (endsAt <= now) return null
  return warningDays.findLast((days) => endsAt - days * dayMs <= now) ?? null
}

/** The clock that ends it. */
export function endingClock(grant: Grant): EndingClock {
  if (grant.endsAt === grant.dataAccessExpiresAt) return 'dataAccess'
  return grant.endsAt === grant.refreshExpiresAt ? 'refresh' : 'access'
}

const spreadMs = 60 * minute
