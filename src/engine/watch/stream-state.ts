import { type FaultCode, type FixedBy, kindOfFault, type Quota } from '@patchbay/kit'
import { type Slot, waitFaults } from '../../ports/schedule.ts'
import { windowAt } from '../quota/draws.ts'
import { sayWait } from '../quota/say-wait.ts'

export interface StreamState {
  readonly state: 'on_time' | 'late' | 'error' | 'waiting' | 'blocked' | 'running' | 'never'
  /** Why it stands still, in plain words; null when all is well. */
  readonly says: string | null
  /** Who ends that. */
  readonly fixedBy: FixedBy | null
}

/** A slot this much over its time is late and not just next in line. */
const graceMs = 5 * 60_000

/** How a stream stands, in one word and a sentence. `quotas` are its provider's: what waits for one says for which, and until when. */
export function streamState(slot: Slot, now: number, quotas: readonly Quota[] = []): StreamState {
  if (slot.blocked !== null) {
    const why = blocked[slot.blocked] ?? kindOfFault(slot.blocked)
    return { state: 'blocked', says: why?.says ?? `Not read: ${slot.blocked}.`, fixedBy: why?.fixedBy ?? 'platform' }
  }
  if (slot.claim !== null && slot.claimedUntil !== null && slot.claimedUntil > now)
    return { state: 'running', says: null, fixedBy: null }
  if (slot.lastFault !== null) {
    const waits = waitFaults.includes(slot.lastFault)
    const why = kindOfFault(slot.lastFault)
    if (waits && why !== null && slot.dueAt > now) {
      const quota = quotas.find(({ id }) => id === slot.lastQuota)
      const code = slot.lastFault as FaultCode
      // It is only looked at when it is due: more money ends the wait, or the calendar does.
      const window = quota?.currency === undefined ? null : windowAt(quota, now)
      const until = window && 'endsAt' in window ? window.endsAt : slot.dueAt
      const says = sayWait({ code, quota, until }, now)
      return { state: 'waiting', says, fixedBy: why.fixedBy }
    }
    return { state: waits ? 'waiting' : 'error', says: why?.says ?? null, fixedBy: why?.fixedBy ?? 'platform' }
  }
  if (now - slot.dueAt > graceMs) return { state: 'late', says: 'It is due and was not read yet.', fixedBy: 'time' }
  return { state: slot.lastEndedAt === null ? 'never' : 'on_time', says: null, fixedBy: null }
}

interface Why {
  readonly says: string
  readonly fixedBy: FixedBy
}

const blocked: Readonly<Record<string, Why>> = {
  missing_scope: {
    says: 'A permission is missing: the account’s owner must connect again and grant it.',
    fixedBy: 'owner',
  },
  needs_reauth: { says: 'The account’s owner must connect again.', fixedBy: 'owner' },
  paused: { says: 'The connection is paused.', fixedBy: 'caller' },
  unsupported: { says: 'The platform does not offer this to the app as it is set up.', fixedBy: 'operator' },
  disconnected: { says: 'The connection is disconnected.', fixedBy: 'caller' },
}
