import { type FaultCode, type FixedBy, faults, type Provider } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { EndingClock } from './grant-end.ts'

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
  paused: { fixedBy: 'caller', says: 'Paused by the application. Resume it to go on.' },
  disconnected: { fixedBy: 'caller', says: 'Disconnected by the application. Its history stays.' },
} as const satisfies Record<string, Reason>

export type ReauthCause = 'refresh_refused' | 'lost_response' | 'expired' | 'revoked' | 'key_refused'

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

/** What a person is asked to do about a connection that needs a new consent. */
export function reconnectTask(provider: Provider, connection: Connection, cause: ReauthCause) {
  return {
    kind: 'reconnect',
    connectionId: connection.id,
    title: `Connect ${nameOf(connection)} on ${provider.name} again`,
    description: `${reasons[cause].says} Until then nothing new is read; what was read stays. Send the owner a reconnect link: the connection keeps its id, its history and its place.`,
    category: 'connection',
    priority: 'high',
    impact: 80,
  } as const
}

/** What a person is asked to do about access that ends in some days. `clock` says which of the platform's clocks it is. */
export function expiringTask(
  provider: Provider,
  connection: Connection,
  { days, endsAt, clock }: { days: number; endsAt: number; clock: EndingClock },
) {
  const when = new Date(endsAt).toISOString().slice(0, 16).replace('T', ' ')
  const why = {
    dataAccess: `${provider.name} lets a consent count for so long and no longer, whatever is renewed`,
    refresh: 'what renews the access has an end that the platform does not move',
    access: 'the platform gave nothing that could renew it',
  }[clock]
  return {
    kind: 'reconnect',
    connectionId: connection.id,
    title: `Connect ${nameOf(connection)} on ${provider.name} again before the access ends`,
    description: `The access that was given ends on ${when} UTC, and ${why}. Send the owner a reconnect link before that: the connection keeps its id, its history and its place, and nothing stops.`,
    category: 'connection',
    priority: days > 7 ? 'low' : days > 3 ? 'normal' : 'high',
    impact: days > 7 ? 10 : days > 3 ? 30 : days > 1 ? 50 : 70,
  } as const
}

/** What a person is asked to do about permissions that were not given. `streams` is what stands still. */
export function permissionTask(
  provider: Provider,
  connection: Connection,
  missing: readonly string[],
  streams: readonly string[],
) {
  return {
    kind: 'grant_permission',
    connectionId: connection.id,
    title: `Give ${nameOf(connection)} the missing ${missing.length === 1 ? 'permission' : 'permissions'} on ${provider.name}`,
    description: `Not given: ${missing.join(', ')}. ${streams.length > 0 ? `Because of it nothing is read of: ${streams.join(', ')}.` : 'Everything that is read now works without.'} Send the owner a reconnect link and ask to leave every box ticked.`,
    category: 'connection',
    priority: streams.length > 0 ? 'normal' : 'low',
    impact: streams.length > 0 ? 40 : 5,
  } as const
}

const nameOf = ({ account }: Connection) => account.handle ?? account.name
