import { type FaultCode, faults } from '@patchbay/kit'
import type { Instant } from '../../../ports/clock.ts'
import type { Subscription } from '../../../ports/subscriptions.ts'

export const standings = ['right', 'asked', 'missing', 'partial', 'over', 'ending'] as const
/** How a subscription stands beside what is wanted. Only `right` needs nothing. */
export type Standing = (typeof standings)[number]

export function standingOf({ wanted, state, actual, kinds, until }: Subscription, now: Instant): Standing {
  if (!wanted) return 'ending'
  if (state !== 'active') return state
  if (until !== null && until <= now) return 'over'
  return kinds.every((kind) => actual?.includes(kind)) ? 'right' : 'partial'
}

/** The same in a sentence, with who has to do something where that is nobody of us. */
export function standingSays(row: Subscription, now: Instant): string {
  const why = row.fault === null ? '' : ` The last try failed: ${faults[row.fault as FaultCode]?.says ?? row.fault}`
  const missing = row.kinds.filter((kind) => !row.actual?.includes(kind))
  const says: Record<Standing, string> = {
    right: 'The platform tells of everything that is wanted.',
    asked: 'The platform was asked and has not confirmed yet. It has to reach our address for that.',
    missing: 'The platform does not tell of this account yet.',
    partial: `The platform does not tell of ${missing.join(', ')}.`,
    over: 'The lease is over and the platform did not confirm a new one.',
    ending: 'Nobody wants it any more; the platform has not been told, or has not confirmed.',
  }
  return says[standingOf(row, now)] + why
}
