import { type FixedBy, minute, type Quota } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Integration } from '../../ports/directory.ts'
import type { RunRecord } from '../../ports/journal.ts'
import { quotaFaults, type Slot, waitFaults } from '../../ports/schedule.ts'
import type { StreamNote } from '../../ports/stream-notes.ts'
import { streamState } from '../watch/stream-state.ts'
import type { Cadence } from './tiers.ts'

/** In which ways a stream may wait; the last two are no waiting, and what it brings is less than it might be. */
export const waitsFor = [
  ...(['schedule', 'reading', 'turn', 'quota', 'outage', 'retry', 'pause', 'owner', 'permission', 'operator'] as const),
  ...(['doubt', 'refused_metrics'] as const),
] as const

/** One thing that a stream waits for, or that makes what it brought less than it might be. */
export interface Reason {
  readonly what: (typeof waitsFor)[number]
  /** In a sentence. */
  readonly says: string
  readonly quota: string | null
  readonly since: number | null
  readonly until: number | null
  readonly fixedBy: FixedBy | null
}

export interface ExplainFacts {
  readonly connection: Pick<Connection, 'state' | 'stateAt'>
  readonly integration: Pick<Integration, 'incident' | 'enabled'> | null
  readonly slot: Slot
  readonly cadence: Cadence | null
  readonly note: StreamNote
  readonly quotas: readonly Quota[]
  /** Of the integration. */
  readonly parked: readonly { readonly quota: string; readonly until: number }[]
  /** Of this stream, newest first. */
  readonly runs: readonly RunRecord[]
  /** When the most overdue stream of all was due; null where none is. */
  readonly queueSince: number | null
  readonly now: number
}

export interface Explanation {
  /** How much older than it should be what is stored is; null while it is young enough. */
  readonly lateMs: number | null
  /** By when it should have been read. */
  readonly promisedAt: number | null
  /** What keeps it from being read right now, the weightiest first; never empty. */
  readonly reasons: readonly Reason[]
}

/** A stream this much over its time waits for something. */
const graceMs = minute

/** Why a stream of a connection is as old as it is: what it waits for now, since when and until when, and who ends that. */
export function explainStream(facts: ExplainFacts): Explanation {
  const { slot, now } = facts
  const promisedAt = slot.syncedAt === null ? null : slot.syncedAt + slot.everyMs
  return {
    promisedAt,
    lateMs: promisedAt !== null && now > promisedAt ? now - promisedAt : null,
    reasons: [waitOf(facts), ...aside(facts)],
  }
}

function waitOf(facts: ExplainFacts): Reason {
  const { slot, cadence, quotas, now, runs } = facts
  return standsStill(facts) ?? (isHeld(slot, now) ? inHand(slot, runs) : (heldBack(facts) ?? due()))

  function due(): Reason {
    if (now - slot.dueAt > graceMs) return turn(facts)
    const why = cadence?.why ?? ''
    return { ...nothing, what: 'schedule', says: `It is read next when it is due. ${why}`.trim(), until: slot.dueAt }
  }

  function heldBack({ integration }: ExplainFacts): Reason | null {
    if (slot.lastFault === null) return null
    const { says, fixedBy } = streamState(slot, now, quotas)
    const base = { says: says ?? slot.lastFault, since: slot.lastEndedAt, until: slot.dueAt, fixedBy }
    if (quotaFaults.includes(slot.lastFault)) return { ...base, what: 'quota', quota: slot.lastQuota }
    // Asked for and still being made: it is read when that is done, and nothing is wrong.
    if (waitFaults.includes(slot.lastFault)) return { ...base, quota: null, what: 'schedule' }
    if (integration?.incident)
      return {
        ...nothing,
        ...base,
        what: 'outage',
        says: integration.incident.says,
        since: integration.incident.since,
      }
    const tried = slot.failures > 1 ? ` It failed ${slot.failures} times in a row.` : ''
    return { ...base, quota: null, what: 'retry', says: `${base.says}${tried} It is tried again when it is due.` }
  }
}

const nothing = { quota: null, since: null, until: null, fixedBy: null }

/** By somebody, until somebody acts. */
function standsStill({ connection, integration, slot, now }: ExplainFacts): Reason | null {
  if (integration === null || !integration.enabled)
    return { ...nothing, what: 'operator', says: 'The app is switched off or no longer set up.', fixedBy: 'operator' }
  if (slot.blocked === null) return null
  const { says, fixedBy } = streamState(slot, now)
  const what =
    slot.blocked === 'missing_scope'
      ? 'permission'
      : slot.blocked === 'unsupported'
        ? 'operator'
        : standing[fixedBy ?? 'owner']
  const since = slot.blocked === connection.state ? connection.stateAt : slot.lastEndedAt
  return { ...nothing, what: what ?? 'owner', says: says ?? `Not read: ${slot.blocked}.`, since, fixedBy }
}

const standing: Partial<Record<FixedBy, Reason['what']>> = { caller: 'pause', owner: 'owner', operator: 'operator' }

const isHeld = ({ claim, claimedUntil }: Slot, now: number) =>
  claim !== null && claimedUntil !== null && claimedUntil > now

/** Somebody has it: it is being read, or stands in the queue of a process. */
function inHand({ claimedUntil }: Slot, runs: readonly RunRecord[]): Reason {
  const open = runs.find(({ state }) => state === 'running')
  if (open)
    return {
      ...nothing,
      what: 'reading',
      says: `It is being read: ${open.id}, in the ${open.lane} lane.`,
      since: open.startedAt,
    }
  return {
    ...nothing,
    what: 'turn',
    says: 'A process has it and has not begun: others of the same app are read first. If that process died, it is free again when its claim runs out.',
    until: claimedUntil,
    fixedBy: 'time',
  }
}

/** It is due, and nobody has taken it. */
function turn({ slot, queueSince, parked, now }: ExplainFacts): Reason {
  const closed = parked.find(({ until }) => until > now)
  if (closed)
    return {
      ...{ what: 'quota', quota: closed.quota, since: slot.dueAt, until: closed.until, fixedBy: 'time' },
      says: `It is due, and the platform has closed the quota "${closed.quota}" for a while.`,
    }
  const behindMs = queueSince === null ? 0 : now - queueSince
  const others =
    behindMs > 5 * minute
      ? ` Everything that is due is ${Math.round(behindMs / minute)} minutes behind: more workers, or more places in them, would help.`
      : ''
  return {
    ...nothing,
    ...{ what: 'turn', since: slot.dueAt, fixedBy: behindMs > 5 * minute ? 'operator' : 'time' },
    says: `It is due and waits for its turn.${others}`,
  }
}

/** What does not keep it from being read, and lessens what it brings. */
function aside({ note }: ExplainFacts): Reason[] {
  const reasons: Reason[] = []
  if (note.doubt)
    reasons.push({ ...nothing, what: 'doubt', says: note.doubt.says, since: note.doubt.since, fixedBy: 'provider' })
  if (note.refused.length > 0)
    reasons.push({
      ...{ ...nothing, what: 'refused_metrics', fixedBy: 'provider' },
      says: `The platform refuses ${note.refused
        .map(({ name }) => name)
        .slice(0, 5)
        .join(', ')}: the rest is read without.`,
      since: Math.min(...note.refused.map(({ since }) => since)),
      until: Math.min(...note.refused.map(({ retryAt }) => retryAt)),
    })
  return reasons
}
