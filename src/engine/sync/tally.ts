import {
  type Duration,
  dayMs,
  hour,
  metricDefinition,
  minute,
  type Observation,
  parseDuration,
  type Stream,
} from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { SavedPage } from '../../ports/records.ts'
import type { StreamNote, Volume } from '../../ports/stream-notes.ts'
import type { Suspicion } from './doubt.ts'

type Rows = Pick<SavedPage, 'observations' | 'items' | 'audiences' | 'removed'>

/** What a reading has brought for one slot so far. */
export class Tally {
  own = 0
  items = 0
  publishedAt: Instant | null = null
  /** When the first of its items will be shown no more that is still there. */
  vanishesAt: Instant | null = null
  readonly heads = new Map<string, number>()
  /** Items that were there and of which the platform said that they are gone, before this page and with it. */
  removed = 0
  removing = 0
  /** Amounts of a day of which more was taken back than came. */
  negative = 0
  /** Rows that were in an answer a second time, with something else in them. */
  doubled = 0
  /** Why what it brought is not believed. */
  suspicion: Suspicion | null = null

  add({ observations, items, audiences, removed }: Rows, stream: Pick<Stream, 'vanishesAfter'>, now: Instant): void {
    for (const { metric, item, value, dimensions } of observations) {
      if (item !== undefined) this.items++
      else this.own++
      if (value !== null && value < 0 && metricDefinition(metric)?.unit === 'count') this.negative++
      if (item === undefined && value !== null && dimensions === undefined && isState(metric))
        if (this.heads.size < mostHeads || this.heads.has(metric)) this.heads.set(metric, value)
    }
    this.items += items.length + removed.length
    this.own += audiences.length
    this.removed += this.removing
    this.removing = 0
    for (const { publishedAt } of items) {
      // A year or a month is no moment.
      const at = publishedAt === undefined || publishedAt.length < 10 ? Number.NaN : Date.parse(publishedAt)
      if (!(at <= now)) continue
      this.publishedAt = Math.max(at, this.publishedAt ?? at)
      if (stream.vanishesAfter === undefined) continue
      const vanishesAt = at + parseDuration(stream.vanishesAfter as Duration)
      if (vanishesAt > now) this.vanishesAt = Math.min(vanishesAt, this.vanishesAt ?? vanishesAt)
    }
  }

  /** Rows that were set aside are rows that came. */
  doubtZeros(zeros: readonly Observation[]): void {
    if (zeros.length === 0) return
    this.own += zeros.filter(({ item }) => item === undefined).length
    this.items += zeros.filter(({ item }) => item !== undefined).length
    const metrics = [...new Set(zeros.map(({ metric }) => metric))]
    const which = metrics.length > 3 ? `${metrics.slice(0, 3).join(', ')} and others` : metrics.join(', ')
    this.suspicion = {
      kind: 'zeros',
      says: `The platform says 0 where there were many: ${which}. What was stored stays.`,
    }
  }

  get volume(): Volume {
    return { own: this.own, items: this.items }
  }
}

/** Lifetime counters of the account that went down between two readings, as `metric: from 1000 to 900`. They are stored as the platform says them (F48). */
export function fallen(before: Pick<StreamNote, 'heads'>, after: Pick<StreamNote, 'heads'>): string[] {
  return Object.entries(after.heads).flatMap(([metric, value]) => {
    const stood = before.heads[metric]
    const falls = metricDefinition(metric)?.kind === 'cumulative' && stood !== undefined && value < stood
    return falls ? [`${metric} from ${stood} to ${value}`] : []
  })
}

/** A number that says how things are, and not what came on a day. */
export function isState(metric: string): boolean {
  const definition = metricDefinition(metric)
  return definition !== undefined && (definition.kind === 'gauge' || definition.kind === 'cumulative')
}

/** What is remembered after a reading that came to its end. `resumed`: an earlier run had begun it, so that nobody knows how much it brought in all. */
export function noteAfter(
  note: StreamNote,
  tally: Tally,
  { now, resumed, spent }: { now: Instant; resumed: boolean; spent: Readonly<Record<string, number>> },
): StreamNote {
  const heads = Object.fromEntries(tally.heads)
  const volumes = resumed ? note.volumes : [...note.volumes, tally.volume].slice(-mostVolumes)
  return {
    ...note,
    movedAt: hasMoved(note, heads, now) ? now : note.movedAt,
    publishedAt: later(note.publishedAt, tally.publishedAt),
    heads: { ...note.heads, ...heads },
    headsAt: tally.heads.size > 0 ? now : note.headsAt,
    spent: resumed ? note.spent : { ...spent },
    volumes,
  }
}

const mostHeads = 30
const mostVolumes = 8

/** By a twentieth in a day, of numbers that are large enough for that to mean something. */
function hasMoved({ heads, headsAt }: StreamNote, now: Readonly<Record<string, number>>, at: Instant): boolean {
  if (headsAt === null) return false
  const days = Math.max(hour, at - headsAt) / dayMs
  return Object.entries(now).some(([metric, value]) => {
    const before = heads[metric]
    if (before === undefined || before < 100) return false
    const change = Math.abs(value - before)
    return change >= 10 && change / before / days >= 0.05
  })
}

const later = (one: Instant | null, other: Instant | null) =>
  one === null || other === null ? (one ?? other) : Math.max(one, other)

/**
 * What will be shown no more is read once more before that: so long before, that a run which fails can be tried again. Null when the next reading comes
 * in time anyway.
 */
export function lastReading(vanishesAt: Instant | null, next: Instant, now: Instant): Instant | null {
  if (vanishesAt === null || next <= vanishesAt - leastMs) return null
  const at = vanishesAt - aheadMs
  return at > now + 5 * minute ? at : null
}

const aheadMs = 40 * minute
const leastMs = 20 * minute
