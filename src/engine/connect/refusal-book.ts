import { hour, minute } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Grant } from '../../ports/grants.ts'

interface Entry {
  readonly generation: number
  /** How often this generation was refused. */
  times: number
  /** While a refresh because of a refusal is under way, the token that was refused is not sent again. */
  unusable: boolean
  /** When a refusal last led to a refresh, of whatever generation. */
  renewedAt: Instant | null
  /** From when until when a refusal changes nothing: what it means was found out. */
  settledAt: Instant
  settledUntil: Instant
  /** What was found out is about the place that refuses and not about the token, so it holds for the next token too. */
  works: boolean
}

/** What is remembered of refused tokens, in this process, so that refusals do not become a storm of refreshes (F26, F27). */
export class RefusalBook {
  readonly #entries = new Map<string, Entry>()

  /** Notes one more refusal, and says how many there were of this generation. */
  note(grant: Grant): number {
    return ++this.#of(grant).times
  }

  /** Whether a refusal may lead to a refresh: now and then just so, more often only when a light call was refused too. */
  mayRenew(grant: Grant, now: Instant, proven: boolean): boolean {
    const { renewedAt } = this.#of(grant)
    if (renewedAt === null) return true
    const sinceMs = now - renewedAt
    // Less than nothing: the clock was set back, and nobody knows how long ago it was.
    return sinceMs < 0 || sinceMs > (proven ? 5 * minute : 6 * hour)
  }

  startRenewing(grant: Grant, now: Instant): void {
    const entry = this.#of(grant)
    entry.renewedAt = now
    entry.unusable = true
  }

  /** The token endpoint could not say. The next refusal may ask again. */
  renewingFailed(grant: Grant): void {
    const entry = this.#of(grant)
    entry.renewedAt = null
    entry.unusable = false
    entry.times = 0
  }

  /** A light call worked, so the refusals are about what was asked for; or it was refused too, and nothing more can be done now. */
  settle(grant: Grant, verdict: 'works' | 'refused' | 'unclear', now: Instant): void {
    const restMs = { works: hour, refused: 5 * minute, unclear: 0 }[verdict]
    Object.assign(this.#of(grant), { settledAt: now, settledUntil: now + restMs, works: verdict === 'works' })
  }

  isSettled(grant: Grant, now: Instant): boolean {
    const { settledAt, settledUntil } = this.#of(grant)
    return settledAt <= now && now < settledUntil
  }

  isUnusable(grant: Grant): boolean {
    if (this.#entries.size === 0) return false
    const entry = this.#entries.get(keyOf(grant))
    return entry?.generation === grant.generation && entry.unusable
  }

  #of(grant: Grant): Entry {
    const key = keyOf(grant)
    const before = this.#entries.get(key)
    if (before?.generation === grant.generation) return before
    const entry: Entry = {
      generation: grant.generation,
      times: 0,
      unusable: false,
      renewedAt: before?.renewedAt ?? null,
      settledAt: before?.works ? before.settledAt : 0,
      settledUntil: before?.works ? before.settledUntil : 0,
      works: before?.works ?? false,
    }
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size > mostEntries) this.#entries.delete(this.#entries.keys().next().value!)
    return entry
  }
}

const keyOf = ({ environmentId, id }: Grant) => `${environmentId} ${id}`

const mostEntries = 10_000
