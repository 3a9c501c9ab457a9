import type { Clock, Instant } from '../../ports/clock.ts'

/**
 * Time for simulations. It stands still while anybody works and jumps to the next alarm when everybody is asleep, so an hour of waiting
 * takes no time, and work that waits for something other than the clock is noticed: `run` throws "deadlock".
 *
 * Everybody is asleep when one turn of the event loop brought nothing new. Work outside of JavaScript (a database, a socket, a thread) takes
 * longer than a turn: wrap it in `outside`.
 */
export class SimulatedClock implements Clock {
  #now: Instant
  #alarms: Alarm[] = []
  #count = 0
  #outside = 0
  #running = false
  #waits = 0
  readonly #rank: () => number
  readonly #promisesOnly: boolean

  /**
   * `rank` orders alarms of the same instant, such as `() => random.unit()`; without it the first to sleep wakes first. `promisesOnly`: nobody waits for
   * anything but promises, so that time need not wait for the event loop, whose turns are a third of a long simulation.
   */
  constructor(startAt: Instant, options: { rank?: () => number; promisesOnly?: boolean } = {}) {
    this.#now = startAt
    this.#rank = options.rank ?? (() => 0)
    this.#promisesOnly = options.promisesOnly ?? false
  }

  now(): Instant {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (!signal) return new Promise((resolve) => void this.#set(ms, resolve))
    return new Promise((resolve, reject) => {
      const alarm = this.#set(ms, () => {
        signal.removeEventListener('abort', stop)
        resolve()
      })
      const stop = () => {
        this.#alarms.splice(this.#alarms.indexOf(alarm), 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  /** Calls `then` after so long, inside of `run`, which fails with what it throws. */
  after(ms: number, then: () => void): void {
    this.#set(ms, then)
  }

  #set(ms: number, then: () => void): Alarm {
    if (Number.isNaN(ms)) throw new RangeError('how long is NaN milliseconds?')
    const at = this.#now + Math.max(0, Math.ceil(ms))
    const alarm: Alarm = { at, rank: this.#rank(), nth: this.#count++, wake: then }
    this.#alarms.splice(this.#place(alarm), 0, alarm)
    return alarm
  }

  /** How many sleep. */
  get sleepers(): number {
    return this.#alarms.length
  }

  /** Does `work` with time moving. Whoever still sleeps when it is done stays asleep. Gives up after `limitMs` of simulated time: a loop that only sleeps is no deadlock. */
  async run<T>(work: () => Promise<T>, options: { limitMs?: number } = {}): Promise<T> {
    if (this.#running) throw new Error('this clock already runs')
    this.#running = true
    try {
      const limitMs = options.limitMs ?? aYearMs
      const end = this.#now + limitMs
      let done = false
      const result = (async () => work())().finally(() => {
        done = true
      })
      result.catch(() => {})
      for (let idle = 0; ; ) {
        await this.#everybodyWaits()
        if (done) return await result
        const alarm = this.#alarms.at(-1)
        if (!alarm) {
          if (++idle < turnsBeforeDeadlock) continue
          throw new Error('deadlock: there is work left, nobody sleeps, and nothing happens')
        }
        idle = 0
        if (alarm.at > end) throw new Error(`not done after ${limitMs / 1000} s of simulated time`)
        this.#alarms.pop()
        this.#now = alarm.at
        alarm.wake()
      }
    } finally {
      this.#running = false
    }
  }

  /** Work that the event loop does not see. Time stands still meanwhile. */
  async outside<T>(work: () => Promise<T>): Promise<T> {
    this.#outside++
    try {
      return await work()
    } finally {
      this.#outside--
    }
  }

  async #everybodyWaits(): Promise<void> {
    // A tick comes after every promise that is settled. Now and then others have a turn all the same.
    if (this.#promisesOnly && this.#outside === 0 && this.#alarms.length > 0 && ++this.#waits % waitsPerTurn !== 0) {
      for (let tick = 0; tick < ticksToSettle; tick++) await new Promise<void>((resolve) => process.nextTick(resolve))
      return
    }
    do await new Promise((resolve) => setImmediate(resolve))
    while (this.#outside > 0)
  }

  /** The last in the list is the next to ring. */
  #place(alarm: Alarm): number {
    let low = 0
    let high = this.#alarms.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (ringsLater(this.#alarms[middle]!, alarm)) low = middle + 1
      else high = middle
    }
    return low
  }
}

interface Alarm {
  readonly at: Instant
  readonly rank: number
  readonly nth: number
  readonly wake: () => void
}

const aYearMs = 366 * 86_400_000

/** Streams go on in ticks of their own, which may begin others. */
const ticksToSettle = 3
const waitsPerTurn = 1000

/** Streams and the like may need some turns before they ask for time. */
const turnsBeforeDeadlock = 50

const ringsLater = (one: Alarm, other: Alarm): boolean =>
  one.at !== other.at ? one.at > other.at : one.rank !== other.rank ? one.rank > other.rank : one.nth > other.nth
