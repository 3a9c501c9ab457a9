import { type ApiResponse, minute } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import { parseHttpDate } from './retry-after.ts'

/**
 * When the provider gave an answer. Its own `Date` says so (RFC 9110, section 6.6.1), and what was counted before midnight arrives after it; a clock
 * that is far from ours says nothing.
 */
export function answeredAt({ headers, at }: Pick<ApiResponse, 'headers' | 'at'>): Instant {
  const date = parseHttpDate(headers['date'] ?? '')
  return date !== null && Math.abs(at - date) <= mostApart ? date : at
}

/** A call takes two minutes at most. */
const mostApart = 2 * minute
