import { type Duration, dayMs, hour, parseDuration, type Stream } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import { paces } from '../../ports/schedule.ts'
import type { Attention, StreamNote } from '../../ports/stream-notes.ts'

/** How often a stream of a connection is read, and why. */
export interface Cadence {
  readonly everyMs: number
  readonly tier: 'hourly' | 'six_hourly' | 'daily' | 'chosen' | 'declared'
  /** In a sentence. */
  readonly why: string
  /** When it ends by itself: of what somebody chose. */
  readonly until: Instant | null
}

export interface CadenceFacts {
  readonly stream: Pick<Stream, 'every' | 'quickest'>
  readonly note: Pick<StreamNote, 'movedAt' | 'publishedAt'>
  readonly attention: Pick<Attention, 'lookedAt' | 'chosen'>
  readonly now: Instant
  /** The quota that has no room for everybody to be read so often; null when there is room. */
  readonly lacks: (everyMs: number) => string | null
}

/** So long after a look it is read by the hour, and so long by six hours. */
const [lookedMs, lookedLatelyMs] = [dayMs, 7 * dayMs]
const movedMs = 2 * dayMs
/** A post gets most of what it ever gets in its first days. */
const youngMs = 7 * dayMs

/**
 * Often where somebody looks, less where nobody does; never quicker than it pays, and never quicker than a part of each quota can bear if all accounts of
 * the app were read so. What a stream declares is the least: however little happens, nothing stored becomes older than that.
 */
export function cadenceOf(facts: CadenceFacts): Cadence {
  const { stream, attention, now } = facts
  const declaredMs = parseDuration(stream.every)
  const quickestMs = Math.min(declaredMs, parseDuration(stream.quickest ?? stream.every))
  const { chosen } = attention
  if (chosen !== null && chosen.until > now) {
    const wantedMs = parseDuration(chosen.every as Duration)
    const everyMs = Math.min(Math.max(wantedMs, quickestMs), Math.max(declaredMs, dayMs))
    const said = `Chosen: ${chosen.reason}${/[.!?…]$/.test(chosen.reason) ? '' : '.'}`
    const cut = everyMs > wantedMs ? ' More often than that its numbers do not move.' : ''
    return { ...slowedDown({ everyMs, tier: 'chosen', why: said + cut }, declaredMs, facts), until: chosen.until }
  }
  const wanted = ruleOf(facts)
  const everyMs = wanted === null ? declaredMs : Math.max(wanted.everyMs, quickestMs)
  if (wanted === null || everyMs >= declaredMs) return { ...declared(declaredMs), until: null }
  return { ...slowedDown({ everyMs, tier: tierOf(everyMs), why: wanted.why }, declaredMs, facts), until: null }
}

type Steady = Omit<Cadence, 'until'>

const declared = (everyMs: number): Steady => ({
  everyMs,
  tier: everyMs === dayMs ? 'daily' : 'declared',
  why: 'Nobody has looked lately, and nothing moves by much.',
})

function ruleOf({ note, attention, now }: CadenceFacts): { everyMs: number; why: string } | null {
  const isWithin = (at: Instant | null, ms: number) => at !== null && now - at < ms
  if (isWithin(attention.lookedAt, lookedMs)) return { everyMs: hour, why: 'Somebody looked within the last day.' }
  if (isWithin(attention.lookedAt, lookedLatelyMs))
    return { everyMs: 6 * hour, why: 'Somebody looked within the last week.' }
  if (isWithin(note.publishedAt, youngMs))
    return { everyMs: 6 * hour, why: 'Something was published within the last week.' }
  if (isWithin(note.movedAt, movedMs)) return { everyMs: 6 * hour, why: 'Its numbers moved by a twentieth in a day.' }
  return null
}

/** As quick as the quotas can bear. */
function slowedDown(wanted: Steady, declaredMs: number, { lacks }: CadenceFacts): Steady {
  if (wanted.everyMs >= declaredMs) return wanted
  const short = lacks(wanted.everyMs)
  if (short === null) return wanted
  const slower = [...paces, dayMs].find(
    (everyMs) => everyMs > wanted.everyMs && everyMs < declaredMs && lacks(everyMs) === null,
  )
  const everyMs = slower ?? declaredMs
  const why = `${wanted.why} More often would take too much of its quota "${short}".`
  return { everyMs, tier: wanted.tier === 'chosen' ? 'chosen' : tierOf(everyMs), why }
}

function tierOf(everyMs: number): Cadence['tier'] {
  if (everyMs === hour) return 'hourly'
  if (everyMs === 6 * hour) return 'six_hourly'
  return everyMs === dayMs ? 'daily' : 'declared'
}
