import {
  dayMs,
  type Fault,
  type FaultCode,
  faults,
  hour,
  minute,
  parseDuration,
  type Quota,
  type Stream,
  second,
} from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import { type Connection, inactiveStates } from '../../ports/connections.ts'
import type { Slot } from '../../ports/schedule.ts'
import { sayWait, timeIn } from '../quota/say-wait.ts'
import { unitOf } from '../unit-of.ts'
import { backoffMs, nextReading } from './cadence.ts'

/** What becomes of one slot after a run. */
export interface Outcome {
  readonly dueAt: Instant
  readonly failures: number
  readonly blocked: string | null
  readonly fault: FaultCode | null
  /** The quota that is waited for, where it is one and is known. */
  readonly quota: string | null
  /** What happened and when it goes on, in a sentence; null when all is well. */
  readonly says: string | null
}

/** What an outcome depends on besides the fault. `connection` is as it is now, after whoever noticed the fault first has seen to it. */
export interface Facts {
  /** As they hold for the integration. */
  readonly quotas: readonly Quota[]
  readonly stream: Stream
  readonly slot: Slot
  readonly connection: Pick<Connection, 'state'>
  readonly now: Instant
}

/** `everyMs`: how often it is read, where that is not what the stream declares. */
export function afterSuccess({
  stream,
  slot,
  now,
  everyMs = parseDuration(stream.every),
}: Pick<Facts, 'stream' | 'slot' | 'now'> & { readonly everyMs?: number }): Outcome {
  const every = `${Math.round(everyMs / second)}s` as const
  const dueAt = nextReading({ ...stream, every }, slot, now)
  return { dueAt, failures: 0, blocked: null, fault: null, quota: null, says: null }
}

/**
 * Who ends the trouble decides. Time: the exact wait, and it is no failure. A person: blocked until that person acted. The platform, or us: again
 * after a wait that grows, and no longer than half an hour, so that everything works again within the hour after an outage (L01). Only what the
 * connect part confirmed counts as the owner's matter: a connection that it left alone is tried again.
 */
export function afterFault(fault: Fault, facts: Facts): Outcome {
  const { slot, now, stream, connection } = facts
  const { code } = fault
  const failures = slot.failures + 1
  const block = (blocked: string): Outcome => ({
    dueAt: nextReading(stream, slot, now),
    failures,
    blocked,
    fault: code,
    quota: null,
    says: faults[code].says,
  })
  if (code === 'connection.scopes') return block('missing_scope')
  if (code === 'connection.unsuitable' || code === 'setup.unsupported') return block('unsupported')
  if (code.startsWith('connection.') && inactiveStates.has(connection.state)) return block(connection.state)

  const waitMs = fault.detail.waitMs
  const quota = facts.quotas.find(({ id }) => id === fault.detail.quota)
  if (code === 'setup.budget' && quota && waitMs !== undefined) {
    // Asking whether there is money again costs none.
    const dueAt = now + Math.min(waitMs, Math.max(slot.everyMs, hour))
    const says = sayWait({ code, quota, until: now + waitMs }, now)
    return { dueAt, failures: slot.failures, blocked: null, fault: code, quota: quota.id, says }
  }
  if (fault.kind.fixedBy === 'time' && waitMs !== undefined) {
    const dueAt = now + waitMs + afterWaitMs(slot, waitMs, now)
    const says = sayWait({ code, quota, until: dueAt }, now)
    return { dueAt, failures: slot.failures, blocked: null, fault: code, quota: quota?.id ?? null, says }
  }
  // Nobody but who put it there brings it back: it is looked for once a day, however often it was read.
  const isGone = accountFaults.has(code)
  const needsPerson = isGone || fault.kind.retry === 'never' || code.startsWith('setup.')
  const mostMs = needsPerson ? Math.max(slot.everyMs, isGone ? dayMs : hour) : 30 * minute
  const dueAt = now + backoffMs(failures, slot.connectionId, mostMs)
  return {
    dueAt,
    failures,
    blocked: null,
    fault: code,
    quota: null,
    says: `${isGone && fault.detail.reason === 'account' ? fault.message : faults[code].says} It is tried again at ${timeIn('UTC', dueAt, now)}.`,
  }
}

/**
 * Never earlier than asked, and not all at the same moment. Whoever has been without a reading for longest comes first: a quota with room for few
 * would otherwise go to the same ones each day.
 */
function afterWaitMs({ connectionId, syncedAt, everyMs }: Slot, waitMs: number, now: Instant): number {
  const late = syncedAt === null ? mostLate : Math.min(mostLate, (now - syncedAt) / everyMs)
  return Math.floor((unitOf(connectionId) * Math.min(waitMs / 20, minute)) / (1 + late))
}

/** In intervals. */
const mostLate = 30

/** The platform has, or shows, no such thing. Where that goes on it is about the account (F57). */
export const accountFaults: ReadonlySet<FaultCode> = new Set(['provider.missing', 'provider.forbidden'])

/** How many failed runs in a row make a connection degraded. One or two are weather. */
export const failuresUntilDegraded = 3

/** Faults that say something about this connection, as opposed to the app, to us, or to a quota that everybody shares (I34). */
export const degrades = (code: FaultCode): boolean => degrading.has(code)

const degrading: ReadonlySet<FaultCode> = new Set([
  'provider.down',
  'provider.unreachable',
  'provider.timeout',
  'provider.changed',
  'provider.forbidden',
  'provider.missing',
])
