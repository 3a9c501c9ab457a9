import { dayMs, second } from '@patchbay/kit'
import type { LedgerEntry } from '../../sandbox/ledger.ts'

/** Weather that spoils an answer on its way; the kind is what a rule's name begins with. */
const spoils = ['html', 'truncate', 'drift']

/** Attempts of one call are closer together than this, and two calls for the same thing further apart. */
const togetherMs = 25 * second

/** Whoever waits for the beginning of an answer waits no longer. */
const patienceMs = 30 * second

/**
 * Calls as the providers saw them, for K1: each answer that arrived whole is a call that ended well, or with a correct no. What failed is one call with
 * the next answer to the same question, if there is one within a day; else it is as many failed calls as there were bursts of attempts.
 */
export class TrueCalls {
  readonly #waiting = new Map<string, LedgerEntry[]>()
  readonly #counts = new Map<string, { ended: number; failed: number; accessEnded: number }>()
  readonly #endedRightly: (grant: string) => boolean

  /** `endedRightly`: the owner took access back, or it grew too old. */
  constructor(endedRightly: (grant: string) => boolean) {
    this.#endedRightly = endedRightly
  }

  add(entries: readonly LedgerEntry[]): void {
    for (const entry of entries) {
      if (entry.what !== 'api') continue
      const question = `${entry.provider} ${entry.route ?? entry.place}`
      const key = `${question} ${entry.artist ?? ''}`
      if (isAnswer(entry) || isCorrectNo(entry)) {
        this.#of(entry.provider).ended++
        this.#close(key, entry.at)
        // What never arrived may not have said whose it was.
        this.#close(`${question} `, entry.at)
      } else this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), entry])
    }
  }

  /** Whatever still waits is never answered. */
  end(): ReadonlyMap<string, { ended: number; failed: number; accessEnded: number }> {
    for (const key of [...this.#waiting.keys()]) this.#close(key, Number.POSITIVE_INFINITY)
    return this.#counts
  }

  #close(key: string, answeredAt: number): void {
    const failed = (this.#waiting.get(key) ?? []).filter(({ at }) => answeredAt - at > dayMs)
    this.#waiting.delete(key)
    let lastAt = Number.NEGATIVE_INFINITY
    for (const { at, provider, grant } of failed) {
      if (at - lastAt > togetherMs) {
        if (grant !== undefined && this.#endedRightly(grant)) this.#of(provider).accessEnded++
        else this.#of(provider).failed++
      }
      lastAt = at
    }
  }

  #of(provider: string) {
    const counts = this.#counts.get(provider) ?? { ended: 0, failed: 0, accessEnded: 0 }
    this.#counts.set(provider, counts)
    return counts
  }
}

const isAnswer = (entry: LedgerEntry) => entry.outcome === 'answered' && arrivedWhole(entry)

function arrivedWhole({ weather = [], at, answeredAt }: LedgerEntry): boolean {
  if (answeredAt === undefined || answeredAt - at >= patienceMs) return false
  return !weather.some((id) => spoils.includes(id.split('-')[0]!))
}

/** The emulator itself said no, and not the weather, the quota or whoever looks at tokens, who all say why. */
function isCorrectNo(entry: LedgerEntry): boolean {
  const { outcome, why, status = 0 } = entry
  return outcome === 'refused' && why === undefined && status >= 400 && status < 500 && arrivedWhole(entry)
}
