import { type Chance, seededChance } from '../../sandbox/chance.ts'
import { SimulatedClock } from '../../src/drivers/clock/simulated.ts'
import type { Instant } from '../../src/ports/clock.ts'
import { Faults, type Mask } from './faults.ts'
import { History } from './history.ts'
import { Sometimes } from './sometimes.ts'

/** A broken promise of the engine, by the name of the invariant. */
export interface Violation {
  readonly invariant: string
  readonly says: string
  readonly at: Instant
}

/**
 * What all parts of one simulation share: time, chance, faults, what happened, and what was broken. True time is the kernel's; a process has its own
 * idea of it. Events of the same instant come in an order that belongs to their names, and so to the seed.
 */
export class Kernel {
  readonly seed: string
  readonly chance: Chance
  readonly clock: SimulatedClock
  readonly history: History
  readonly faults: Faults
  readonly sometimes = new Sometimes()
  readonly violations: Violation[] = []
  /** How far the clock of the machine on which all processes run is off. */
  hostOffsetMs = 0
  #rank = 0.5

  constructor(seed: string, startAt: Instant, mask: Mask = {}) {
    this.seed = seed
    this.chance = seededChance(seed)
    this.clock = new SimulatedClock(startAt, { rank: () => this.#rank, promisesOnly: true })
    this.history = new History(startAt)
    this.faults = new Faults(this.chance, mask)
  }

  now(): Instant {
    return this.clock.now()
  }

  /** Calls `then` after so long. `rank`, in [0, 1), orders it among what comes at the same instant. */
  after(ms: number, rank: number, then: () => void): void {
    this.#rank = rank
    this.clock.after(ms, then)
    this.#rank = 0.5
  }

  sleep(ms: number, rank: number, signal?: AbortSignal): Promise<void> {
    this.#rank = rank
    const sleeping = this.clock.sleep(ms, signal)
    this.#rank = 0.5
    return sleeping
  }

  note(who: string, what: string, detail = ''): void {
    this.history.add(this.now(), who, what, detail)
    if (this.history.count === mostEvents)
      this.violate('B02', `more than ${mostEvents} events: somebody asks again and again`)
  }

  /** Says that an invariant does not hold. The run goes on to its next step and then ends. */
  violate(invariant: string, says: string): void {
    this.note('world', `VIOLATION ${invariant}`, says)
    if (this.violations.length < 20) this.violations.push({ invariant, says, at: this.now() })
  }

  get isBroken(): boolean {
    return this.violations.length > 0
  }
}

/** Ten times what a busy run has. */
const mostEvents = 200_000
