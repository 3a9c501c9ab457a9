import { type Auth, dayMs, minute } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Grant } from '../../ports/grants.ts'

type Clocks = Pick<Grant, 'refreshedAt' | 'accessExpiresAt' | 'refreshExpiresAt'> & { readonly refreshable: boolean }

/**
 * When the background refresh of new tokens is due, or null when nothing needs one. Callers keep the still valid token meanwhile.
 * With a refresh token: at least five minutes and a fifth of the token's life before it expires, but not in its first half, so that tokens of a
 * minute are not refreshed all the time. A refresh token that dies of idleness is used before half of that time is over (F63), and one with an
 * end of its own before its last fifth. `unit`, in [0, 1), spreads the grants that were made together.
 */
export function planRefresh(auth: Auth, clocks: Clocks, unit: number): Instant | null {
  const { refreshedAt, accessExpiresAt, refreshExpiresAt } = clocks
  if (auth.scheme === 'client_credentials') return before(refreshedAt, accessExpiresAt, unit)
  if (auth.scheme !== 'oauth2') return null
  if (auth.refresh.model === 'extends') {
    const dueAt = refreshedAt + Math.max(auth.refresh.refreshAfterMs * (1 - unit * 0.1), auth.refresh.minAgeMs)
    // It can only be extended while it lives.
    return Math.min(dueAt, before(refreshedAt + auth.refresh.minAgeMs, accessExpiresAt, unit) ?? dueAt)
  }
  if (auth.refresh.model === 'none' || !clocks.refreshable) return null
  const idleMs = auth.idle ? (auth.idle.days * dayMs) / 2 : null
  const due = [
    before(refreshedAt, accessExpiresAt, unit),
    before(refreshedAt, refreshExpiresAt, unit),
    idleMs === null ? null : refreshedAt + idleMs * (1 - unit * 0.1),
  ].filter((at) => at !== null)
  return due.length > 0 ? Math.round(Math.min(...due)) : null
}

function before(from: Instant, expiresAt: Instant | null, unit: number): Instant | null {
  if (expiresAt === null) return null
  const lifeMs = Math.max(0, expiresAt - from)
  const marginMs = Math.max(5 * minute, lifeMs * 0.2) * (1 + unit * 0.25)
  return Math.round(expiresAt - Math.min(marginMs, lifeMs / 2))
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
