import { type FaultCode, type FixedBy, faults } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'

/** Why a connection is as it is, in plain words, and who ends it. */
interface Reason {
  readonly fixedBy: FixedBy
  readonly says: string
}

/** Words of ours for `reason`; besides these it may be any fault code. */
export const reasons = {
  refresh_refused: {
    fixedBy: 'owner',
    says: 'The platform no longer renews the access that was given. The account owner must connect again.',
  },
  lost_response: {
    fixedBy: 'owner',
    says: 'The platform renewed the access, its answer got lost on the way, and it did not repeat it. The account owner must connect again.',
  },
  expired: { fixedBy: 'owner', says: 'The access that was given has run out. The account owner must connect again.' },
  revoked: {
    fixedBy: 'owner',
    says: 'Access was taken back on the platform. The account owner must connect again to go on.',
  },
  key_refused: {
    fixedBy: 'owner',
    says: 'The platform no longer accepts the key or password. The account owner must connect again with a new one.',
  },
  missing_scope: {
    fixedBy: 'owner',
    says: 'A permission was not given. What needs it stands still; the rest works. The account owner can connect again and tick it.',
  },
  paused: { fixedBy: 'caller', says: 'Somebody paused it. Resume it to go on.' },
  disconnected: { fixedBy: 'caller', says: 'Disconnected by the application. Its history stays.' },
} as const satisfies Record<string, Reason>

export const reauthCauses = ['refresh_refused', 'lost_response', 'expired', 'revoked', 'key_refused'] as const
export type ReauthCause = (typeof reauthCauses)[number]

/** The reason of a connection as a sentence; null when it has none. */
export function reasonSays({ reason, missingScopes }: Pick<Connection, 'reason' | 'missingScopes'>): string | null {
  if (reason === null) return null
  const says = Object.hasOwn(reasons, reason)
    ? reasons[reason as keyof typeof reasons].says
    : Object.hasOwn(faults, reason)
      ? faults[reason as FaultCode].says
      : `${reason}.`
  return reason === 'missing_scope' && missingScopes.length > 0 ? `${says} Missing: ${missingScopes.join(', ')}.` : says
}

/** Who ends it; null when there is nothing to end. */
export function reasonFixedBy({ reason }: Pick<Connection, 'reason'>): FixedBy | null {
  if (reason === null) return null
  if (Object.hasOwn(reasons, reason)) return reasons[reason as keyof typeof reasons].fixedBy
  return Object.hasOwn(faults, reason) ? faults[reason as FaultCode].fixedBy : 'platform'
}
