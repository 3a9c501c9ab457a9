import type { Chance } from '../../sandbox/chance.ts'
import type { Instant } from '../../src/ports/clock.ts'

/** Which faults may fire, by name. `off` are switched off; with `only` no others fire. Names are what a run reports. */
export interface Mask {
  readonly off?: ReadonlySet<string>
  readonly only?: ReadonlySet<string>
}

/** A fault that happens at a time, and not to a call. */
export interface PlannedFault {
  readonly name: string
  readonly at: Instant
  readonly ms: number
}

/**
 * Faults have names, and each is decided by a draw of its own: kind, logical identity and how often that identity came before. So a fault can be
 * switched off without moving the others, and a failing run shrinks to the few that it needs.
 */
export class Faults {
  readonly #chance: Chance
  readonly #mask: Mask
  readonly #fired = new Set<string>()
  #calm = false

  constructor(chance: Chance, mask: Mask = {}) {
    this.#chance = chance
    this.#mask = mask
  }

  /** From now on nothing fires. */
  calm(): void {
    this.#calm = true
  }

  get isCalm(): boolean {
    return this.#calm
  }

  /** Every fault that fired so far, in order. */
  get fired(): readonly string[] {
    return [...this.#fired]
  }

  /** Whether that fault fires: it may, it was not switched off, and it is still the time of faults. */
  fires(name: string): boolean {
    if (this.#calm || this.#mask.off?.has(name) || (this.#mask.only && !this.#mask.only.has(name))) return false
    this.#fired.add(name)
    return true
  }

  /** One of several kinds, or none, that befalls a call. `unit` is the call's own draw. Probabilities are those of the kinds, one after the other. */
  befall<Kind extends string>(call: string, unit: number, kinds: readonly (readonly [Kind, number])[]): Kind | null {
    if (this.#calm) return null
    let upTo = 0
    for (const [kind, probability] of kinds) {
      upTo += probability
      if (unit < upTo) return this.fires(`${kind}/${call}`) ? kind : null
    }
    return null
  }

  /** Moments at which a kind of fault befalls a subject: `kill/p1#1`, `kill/p1#2`, … The gaps differ, and each lasts between the two given times. */
  plan(
    kind: string,
    subject: string,
    { from, until, everyMs, lastsMs }: { from: Instant; until: Instant; everyMs: number; lastsMs: [number, number] },
  ): PlannedFault[] {
    const planned: PlannedFault[] = []
    let at = from
    for (let nth = 1; nth <= mostPlanned; nth++) {
      const name = `${kind}/${subject}#${nth}`
      at += Math.ceil(-Math.log(1 - this.#chance.unit(`gap/${name}`)) * everyMs)
      if (at >= until) return planned
      const ms = Math.round(lastsMs[0] + this.#chance.unit(`lasts/${name}`) * (lastsMs[1] - lastsMs[0]))
      planned.push({ name, at, ms })
    }
    return planned
  }
}

const mostPlanned = 200
