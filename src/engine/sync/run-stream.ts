import { type Fault, isFault } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { RunRecord } from '../../ports/journal.ts'
import type { ClaimedSlot, Lane } from '../../ports/schedule.ts'
import type { Deps, Setting } from '../deps.ts'
import { faultOf } from '../fault-of.ts'
import type { Gateway } from '../http/gateway.ts'
import { SeenFields, ShapeTurns } from './answer-shape.ts'
import type { Crowd } from './appetite.ts'
import { ClaimLost, type HeldClaim, holdClaim } from './hold-claim.ts'
import { noteShape } from './note-shape.ts'
import { type Prepared, prepareRun } from './prepare-run.ts'
import { type Ending, readAccounts } from './read-accounts.ts'
import type { HeardRefusals } from './refusal-notes.ts'
import { settleRun } from './settle-run.ts'
import type { Tally } from './tally.ts'

export interface SyncDeps
  extends Pick<
      Deps,
      | 'clock'
      | 'random'
      | 'log'
      | 'directory'
      | 'connections'
      | 'records'
      | 'schedule'
      | 'streamNotes'
      | 'journal'
      | 'history'
    >,
    Pick<Setting, 'providers'> {
  readonly gateway: Gateway
  readonly crowd: Crowd
}

/** Slots of one integration and stream that are read together, all held by one claim. */
export interface Group {
  readonly environmentId: string
  readonly integrationId: string
  readonly provider: string
  readonly stream: string
  readonly lane: Lane
  readonly claim: string
  readonly slots: readonly ClaimedSlot[]
}

/** A run while it lasts. */
export interface Run {
  readonly id: string
  readonly environmentId: string
  readonly lane: Lane
  readonly startedAt: Instant
  /** Ends the run after the page that is being read. */
  readonly stop: AbortSignal
  /** Ends it at once: the claim is lost, or it took too long. */
  readonly abort: AbortSignal
  /** Throws when it has lost its slots, be it while it stood still. */
  readonly stillOurs: () => Promise<void>
  readonly counts: {
    -readonly [key in 'pages' | 'calls' | 'inserted' | 'restated' | 'unchanged' | 'items' | 'refused']: number
  }
  readonly endings: Map<ClaimedSlot, Ending>
  /** What was brought for each. */
  readonly tallies: Map<ClaimedSlot, Tally>
  /** What was said about metrics that the platform refuses. */
  readonly refusals: Map<ClaimedSlot, HeardRefusals>
  /** Which fields its answers have; null where that is not looked at this time. */
  readonly seen: SeenFields | null
  /** What its calls took of each quota. */
  readonly spent: Record<string, number>
}

/**
 * Reads a stream for a group of claimed slots and gives them back with their next times. It may be killed at any point: what is saved is whole pages
 * with the place after them, the claim runs out, and the next run goes on from there. Null when the claim was lost before it began.
 *
 * Throws when something other than the provider is in the way, such as the store; the slots are then free again when their claim runs out.
 */
export async function runStream(deps: SyncDeps, group: Group, stop: AbortSignal): Promise<RunRecord | null> {
  const { environmentId, claim, slots } = group
  const held = await holdClaim(deps, environmentId, claim, slots)
  if (!held) {
    await deps.schedule.release(environmentId, claim, slots, deps.clock.now())
    return null
  }
  try {
    return await runHeld(deps, group, held, stop)
  } finally {
    await held.end()
  }
}

async function runHeld(deps: SyncDeps, group: Group, held: HeldClaim, stop: AbortSignal): Promise<RunRecord> {
  const startedAt = deps.clock.now()
  const turns = turnsOf(deps)
  const run: Run = {
    id: deps.random.id('run'),
    environmentId: group.environmentId,
    lane: group.lane,
    startedAt,
    stop,
    abort: held.lost,
    stillOurs: held.stillOurs,
    counts: { pages: 0, calls: 0, inserted: 0, restated: 0, unchanged: 0, items: 0, refused: 0 },
    endings: new Map(),
    tallies: new Map(),
    refusals: new Map(),
    seen: turns.isDue(`${group.environmentId}/${group.integrationId}/${group.stream}`, startedAt)
      ? new SeenFields()
      : null,
    spent: {},
  }
  const prepared = await prepareRun(deps, group)
  const started = recordOf(group, run, prepared)
  await deps.journal.run(started)
  if ('ready' in prepared) {
    try {
      await readAccounts(deps, prepared, run)
      // Whoever took over meanwhile knows better how things are.
      await run.stillOurs()
    } catch (error) {
      if (error instanceof ClaimLost) return abandon(deps, group, started, run)
      const fault = isFault(error) ? error : bug(deps, group, run, error)
      for (const { slot } of prepared.ready) if (run.endings.get(slot) !== 'done') run.endings.set(slot, fault)
    }
  }
  if (run.seen) await noteShape(deps, group, run, run.seen)
  return settleRun(deps, group, prepared, run, started)
}

/** Each process looks for itself. */
const allTurns = new WeakMap<SyncDeps['streamNotes'], ShapeTurns>()

function turnsOf({ streamNotes }: SyncDeps): ShapeTurns {
  const turns = allTurns.get(streamNotes) ?? new ShapeTurns()
  allTurns.set(streamNotes, turns)
  return turns
}

function recordOf(
  { environmentId, provider, integrationId, stream, lane, slots }: Group,
  run: Run,
  prepared: Prepared | { skipped: unknown },
): RunRecord {
  const isFirst =
    'ready' in prepared && prepared.ready.length > 0 && prepared.ready.every(({ place }) => place.savedAt === null)
  return {
    id: run.id,
    environmentId,
    provider,
    integrationId,
    stream,
    connectionIds: slots.map(({ connectionId }) => connectionId),
    trigger: isFirst ? 'initial' : triggers[lane],
    lane,
    state: 'running',
    startedAt: run.startedAt,
    endedAt: null,
    ...run.counts,
    fault: null,
    says: null,
  }
}

const triggers = { interactive: 'manual', webhook: 'webhook', scheduled: 'schedule', backfill: 'backfill' } as const

/** Somebody else reads these slots now and has closed this run, or will; closing it twice says the same. */
async function abandon(
  deps: SyncDeps,
  { environmentId, claim, slots }: Group,
  started: RunRecord,
  run: Run,
): Promise<RunRecord> {
  const ended: RunRecord = {
    ...started,
    ...run.counts,
    state: 'abandoned',
    endedAt: deps.clock.now(),
    says: 'It took longer than its claim and somebody else took over.',
  }
  await deps.journal.run(ended)
  await deps.schedule.release(environmentId, claim, slots, deps.clock.now())
  return ended
}

/** Ours, or the store's: noted with its cause, and the slots are tried again later like any other. */
function bug(deps: SyncDeps, { environmentId, stream, integrationId }: Group, { id }: Run, error: unknown): Fault {
  deps.log.error('sync.run_broken', { environmentId, integrationId, stream, runId: id, error })
  return faultOf(error)
}
