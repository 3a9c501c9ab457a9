import { type FaultCode, faults } from '@patchbay/kit'
import type { Slot } from '../../ports/schedule.ts'

export interface StreamState {
  readonly state: 'on_time' | 'late' | 'error' | 'waiting' | 'blocked' | 'running' | 'never'
  /** Why it stands still, in plain words; null when all is well. */
  readonly says: string | null
}

/** A slot this much over its time is late and not just next in line. */
const graceMs = 5 * 60_000

/** How a stream stands, in one word and a sentence. */
export function streamState(slot: Slot, now: number): StreamState {
  if (slot.blocked !== null)
    return { state: 'blocked', says: blockedSays[slot.blocked] ?? saysOf(slot.blocked) ?? `Not read: ${slot.blocked}.` }
  if (slot.claim !== null && slot.claimedUntil !== null && slot.claimedUntil > now)
    return { state: 'running', says: null }
  if (slot.lastFault !== null) {
    const waits = slot.lastFault === 'provider.throttled' || slot.lastFault === 'provider.exhausted'
    return { state: waits ? 'waiting' : 'error', says: saysOf(slot.lastFault) }
  }
  if (now - slot.dueAt > graceMs) return { state: 'late', says: 'It is due and was not read yet.' }
  return { state: slot.lastEndedAt === null ? 'never' : 'on_time', says: null }
}

const blockedSays: Readonly<Record<string, string>> = {
  missing_scope: 'A permission is missing: the account’s owner must connect again and grant it.',
  needs_reauth: 'The account’s owner must connect again.',
  paused: 'The connection is paused.',
  unsupported: 'The platform does not offer this to the app as it is set up.',
  disconnected: 'The connection is disconnected.',
}

function saysOf(code: string): string | null {
  return code in faults ? faults[code as FaultCode].says : null
}
