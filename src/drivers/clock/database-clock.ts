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
): Clock & { measure(): Promise<void>; keepComparing(): void; close(): Promise<void> } {
  const ending = new AbortController()
  let offsetMs = 0
  let last = look()
  let measuring: Promise<void> | null = null
  let comparing: Promise<void> | null = null

  return {
    now: () => Math.round(read().wall + offsetMs),
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    /** Throws what asking throws; until it went well once, this is the machine's own clock. */
    measure,
    /** Compares once in a while, until it is closed. */
    keepComparing() {
      comparing ??= compareForEver()
    },
    async close() {
      ending.abort()
      await comparing
    },
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
      void measureAnyhow()
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
    for (let times = 1; times <= mostAsked; times++) {
      const before = read()
      const theirs = await ask()
      const after = read()
      const tookMs = after.monotonic - before.monotonic
      // Whoever slept meanwhile has an answer that is as old as the sleep was long.
      if (Math.abs(after.wall - before.wall - tookMs) > toleratedMs) continue
      // It looked at its clock somewhere in between, and nobody knows where.
      return settle(theirs + tookMs / 2 - after.wall, tookMs / 2)
    }
  }

  function settle(differs: number, unsureMs: number): void {
    const isOff = Math.abs(differs) > toleratedMs + unsureMs
    if (!isOff && unsureMs > toleratedMs) return
    const next = isOff ? differs : Math.abs(differs) <= toleratedMs ? 0 : offsetMs
    if (Math.abs(next - offsetMs) > toleratedMs && next !== 0)
      log.warn('clock.differs', { aheadMs: Math.round(-next), says: sayDifference(-next) })
    offsetMs = next
  }

  async function measureAnyhow(): Promise<void> {
    if (ending.signal.aborted) return
    await measure().catch((error: unknown) => log.warn('clock.not_compared', { error }))
  }

  async function compareForEver(): Promise<void> {
    while (!ending.signal.aborted) {
      await systemClock.sleep(minute, ending.signal).catch(() => {})
      await measureAnyhow()
    }
  }
}

/** Jumps in a row, each while the database was asked. Then time goes on as it went by, and it is asked again within the minute. */
const mostAsked = 3

/** For the operator. */
function sayDifference(aheadMs: number): string {
  const by = `${Math.round(Math.abs(aheadMs) / second)} s ${aheadMs > 0 ? 'ahead of' : 'behind'}`
  return `This machine's clock is ${by} the database's, whose time counts. Have both set their clocks by NTP.`
}

/** Requests that are signed and compared with a second's exactness are the most that depends on it. */
const toleratedMs = second

const ownMachine: Timepiece = { wall: () => Date.now(), monotonic: () => performance.now() }
