import { minute, second } from '@patchbay/kit'
import type { Clock, Instant } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { systemClock } from './system.ts'

/** What a machine knows of time: what its clock shows, which somebody may set, and how much went by, which nobody can change and which stands still while it sleeps. */
export interface Timepiece {
  wall(): Instant
  monotonic(): number
}

/**
 * One time for all processes of an installation: the database's, since that is what they share. Leases, claims and due times are instants that one process
 * writes and another compares, and a machine whose clock is an hour ahead would take every lease for over while its holder is at work.
 *
 * A clock that differs by less than a second is left as it is. Whenever it jumps, because somebody set it or the machine slept, nothing jumps here: time
 * goes on as it went by, until the database has said what time it is, which it is asked at once.
 */
export function openDatabaseClock(
  /** What time the database says it is. */
  ask: () => Promise<Instant>,
  { log, machine = ownMachine }: { log: Log; machine?: Timepiece },
): Clock & { measure(): Promise<void>; close(): void } {
  const ending = new AbortController()
  let offsetMs = 0
  let last = look()
  let measuring: Promise<void> | null = null

  return {
    now: () => Math.round(read().wall + offsetMs),
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    /** Throws what asking throws; until it went well once, this is the machine's own clock. */
    measure,
    close: () => ending.abort(),
  }

  function look() {
    return { wall: machine.wall(), monotonic: machine.monotonic() }
  }

  function read() {
    const here = look()
    const jumpMs = here.wall - last.wall - (here.monotonic - last.monotonic)
    last = here
    if (Math.abs(jumpMs) > toleratedMs) {
      offsetMs -= jumpMs
      log.warn('clock.jumped', { jumpMs: Math.round(jumpMs) })
      measureAnyhow()
    }
    return here
  }

  function measure(): Promise<void> {
    measuring ??= compare().finally(() => {
      measuring = null
    })
    return measuring
  }

  async function compare(): Promise<void> {
    const before = read()
    const theirs = await ask()
    const after = read()
    // It looked at its clock somewhere in between, and nobody knows where.
    const unsureMs = (after.monotonic - before.monotonic) / 2
    const differs = theirs + unsureMs - after.wall
    const isOff = Math.abs(differs) > toleratedMs + unsureMs
    if (!isOff && unsureMs > toleratedMs) return
    const next = isOff ? differs : Math.abs(differs) <= toleratedMs ? 0 : offsetMs
    if (Math.abs(next - offsetMs) > toleratedMs && next !== 0)
      log.warn('clock.differs', { aheadMs: Math.round(-next), says: sayDifference(-next) })
    offsetMs = next
  }

  function measureAnyhow(): void {
    if (ending.signal.aborted) return
    measure().catch((error: unknown) => log.warn('clock.not_compared', { error }))
  }
}

/** Compares once in a while, until the clock is closed. */
export async function keepComparing(
  clock: { measure(): Promise<void> },
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await systemClock.sleep(minute, signal).catch(() => {})
    if (signal.aborted) return
    await clock.measure().catch((error: unknown) => log.warn('clock.not_compared', { error }))
  }
}

/** For the operator. */
export function sayDifference(aheadMs: number): string {
  const by = `${Math.round(Math.abs(aheadMs) / second)} s ${aheadMs > 0 ? 'ahead of' : 'behind'}`
  return `This machine's clock is ${by} the database's, whose time counts. Have both set their clocks by NTP.`
}

/** Requests that are signed and compared with a second's exactness are the most that depends on it. */
export const toleratedMs = second

const ownMachine: Timepiece = { wall: () => Date.now(), monotonic: () => performance.now() }
