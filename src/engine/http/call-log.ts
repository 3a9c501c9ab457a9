import type { CallRecord } from '../../ports/journal.ts'
import type { Deps } from '../deps.ts'

/** Keeps call records for at most a second, or until there are a thousand, and writes many at once. */
export interface CallLog {
  add(environmentId: string, call: CallRecord): void
  /** Writes what is there. */
  flush(): Promise<void>
  /** Writes what is there, once: the store is closed next. What cannot be written then, or comes later from a call that was left, is only counted. */
  close(): Promise<void>
}

/**
 * While the journal cannot be written, up to 11,000 records wait for it; then the oldest thousand go, which is said in the log. A call has been made by
 * the time it is recorded, so its record must never be what holds up the next one.
 */
export function openCallLog({ clock, journal, log }: Pick<Deps, 'clock' | 'journal' | 'log'>): CallLog {
  let waiting: { environmentId: string; call: CallRecord }[] = []
  let dropped = 0
  let armed = false
  /** A write that has not begun yet takes everything that is there by then. */
  let asked = false
  /** Until it works again it is tried by the second. */
  let failing = false
  let closed = false
  let writing: Promise<void> = Promise.resolve()

  return {
    add(environmentId, call) {
      if (closed) return drop(1)
      waiting.push({ environmentId, call })
      trim()
      if (waiting.length >= enough && !asked && !failing) void flush()
      else arm()
    },
    flush,
    close() {
      closed = true
      return flush()
    },
  }

  function arm(): void {
    if (armed) return
    armed = true
    void clock.sleep(longestMs).then(() => {
      armed = false
      return flush()
    })
  }

  /** One after the other, so that whoever asked last finds everything written. */
  function flush(): Promise<void> {
    asked = true
    writing = writing.then(write)
    return writing
  }

  async function write(): Promise<void> {
    const batch = waiting
    waiting = []
    asked = false
    for (const [environmentId, records] of Map.groupBy(batch, (record) => record.environmentId)) {
      try {
        const calls = records.map(({ call }) => call)
        await journal.calls(environmentId, calls)
        failing = false
      } catch (error) {
        log.warn('calls.not_written', { environmentId, count: records.length, error })
        failing = true
        // It would be tried by the second for ever, and keep the process.
        if (closed) dropped += records.length
        else {
          waiting = [...records, ...waiting]
          trim()
          arm()
        }
      }
    }
    drop(dropped)
    dropped = 0
  }

  function drop(count: number): void {
    if (count > 0) log.warn('calls.dropped', { count })
  }

  function trim(): void {
    // Not one by one: making room is as much work for one as for a thousand.
    if (waiting.length > mostWaiting + enough) dropped += waiting.splice(0, waiting.length - mostWaiting).length
  }
}

const longestMs = 1_000
const enough = 1_000
const mostWaiting = 10_000
