import { faults, isFault } from '@patchbay/kit'
import type { ReadingEnd } from '../../ports/history.ts'
import type { RunRecord } from '../../ports/journal.ts'
import type { SlotOutcome } from '../../ports/schedule.ts'
import { quotasUnder } from '../quota/draws.ts'
import { nextReading } from './cadence.ts'
import { cadenceFor } from './cadence-for.ts'
import { moveConnections } from './move-connections.ts'
import { afterFault, afterSuccess, type Outcome } from './outcome.ts'
import type { Prepared, Ready, Skipped } from './prepare-run.ts'
import type { Group, Run, SyncDeps } from './run-stream.ts'
import { type Noted, notedOf, traceOf } from './settle-notes.ts'
import { fallen, lastReading } from './tally.ts'

/** A slot with what became of it. */
export interface Settled {
  readonly ready: Ready
  readonly outcome: Outcome
  readonly noted: Noted | null
}

/**
 * Ends a run: connections take the state that follows, failed readings and recoveries are noted, the run is closed, and at last the slots are given back. In this order, because a slot that
 * is still claimed is found again after a crash, and a run that is still open is then closed.
 */
export async function settleRun(
  deps: SyncDeps,
  group: Group,
  prepared: Prepared | { readonly skipped: readonly Skipped[] },
  run: Run,
  started: RunRecord,
): Promise<RunRecord> {
  const { environmentId, claim } = group
  const now = deps.clock.now()
  const settled = 'ready' in prepared ? await settleReady(deps, prepared, run, now) : []
  if ('ready' in prepared) await remember(deps, prepared, run, settled, now)
  const unfinished = 'ready' in prepared ? prepared.ready.filter(({ slot }) => run.endings.get(slot) === 'more') : []
  if ('ready' in prepared) await moveConnections(deps, prepared, settled)

  await deps.history.noteReadings(environmentId, settled.flatMap(readingEnd(run.id, now)))
  const ended = { ...started, ...run.counts, endedAt: now, ...summary(settled, prepared.skipped, unfinished, run) }
  await deps.journal.run(ended)

  const finish = ({ slot, outcome }: { slot: Ready['slot']; outcome: Outcome }): SlotOutcome => {
    const { connectionId, stream } = slot
    const { dueAt, failures, blocked, fault, quota } = outcome
    return { connectionId, stream, dueAt, failures, blocked, fault, quota, runId: run.id, endedAt: now }
  }
  const outcomes = [
    ...settled.map(({ ready, outcome }) => finish({ slot: ready.slot, outcome })),
    ...prepared.skipped.map((skipped) => finish({ slot: skipped.slot, outcome: outcomeOfSkipped(skipped, now) })),
  ]
  if (outcomes.length > 0) await deps.schedule.finish(environmentId, claim, outcomes)
  // What stopped at a checkpoint is as due as before.
  if (unfinished.length > 0)
    await deps.schedule.release(
      environmentId,
      claim,
      unfinished.map(({ slot }) => ({ ...slot, lapsed: false })),
      now,
    )
  return ended
}

async function settleReady(deps: SyncDeps, prepared: Prepared, run: Run, now: number): Promise<Settled[]> {
  const { ready, provider, integration, stream } = prepared
  const failed = ready.filter(({ slot }) => isFault(run.endings.get(slot)))
  // Whoever noticed first that an account is lost has moved its connection meanwhile.
  const ids = failed.map(({ connection }) => connection.id)
  const current = ids.length > 0 ? await deps.connections.list(run.environmentId, { ids, limit: ids.length }) : []
  const cadence = await cadenceFor(deps, prepared)
  const quotas = failed.length > 0 ? quotasUnder({ provider, integration }) : []
  return ready.flatMap((one): Settled[] => {
    const { slot, connection, attention } = one
    const ending = run.endings.get(slot)
    if (ending === 'more') return []
    const noted = notedOf(prepared, run, one, { accounts: ready.length, now })
    if (!isFault(ending)) {
      const { everyMs } = cadence({ note: noted?.note ?? one.note, attention }, now)
      const outcome = afterSuccess({ stream, slot, now, everyMs })
      const lastAt = lastReading(run.tallies.get(slot)?.vanishesAt ?? null, outcome.dueAt, now)
      return [{ ready: one, noted, outcome: { ...outcome, dueAt: lastAt ?? outcome.dueAt } }]
    }
    const state = current.find(({ id }) => id === connection.id)?.state ?? 'disconnected'
    const outcome = afterFault(ending, { quotas, stream, slot, connection: { state }, now })
    return [{ ready: one, noted, outcome }]
  })
}

async function remember(
  deps: SyncDeps,
  prepared: Prepared,
  run: Run,
  settled: readonly Settled[],
  now: number,
): Promise<void> {
  const changed = settled.flatMap(({ ready, noted }) => (noted ? [{ ready, noted }] : []))
  if (changed.length === 0) return
  const notes = changed.map(({ noted }) => noted.note)
  await deps.streamNotes.note(run.environmentId, notes, traceOf(deps, prepared, run.id, changed, now))
}

/** What is noted of a reading: that it failed, or that it went well again. */
const readingEnd =
  (runId: string, at: number) =>
  ({ ready: { slot }, outcome: { fault, blocked } }: Settled): ReadingEnd[] =>
    fault === null && slot.lastFault === null
      ? []
      : [{ connectionId: slot.connectionId, provider: slot.provider, stream: slot.stream, runId, fault, blocked, at }]

const outcomeOfSkipped = (
  { slot, blocked, fault, says, waitMs = Number.POSITIVE_INFINITY }: Skipped,
  now: number,
): Outcome => ({
  dueAt: Math.min(now + waitMs, nextReading({ every: `${Math.max(1, Math.round(slot.everyMs / 1000))}s` }, slot, now)),
  failures: slot.failures,
  blocked,
  fault,
  quota: null,
  says,
})

/** How it ended as a whole: never green when something is missing (P6). */
function summary(
  settled: readonly Settled[],
  skipped: readonly Skipped[],
  unfinished: readonly Ready[],
  { counts, tallies }: Run,
): Pick<RunRecord, 'state' | 'fault' | 'says'> {
  const good = settled.filter(({ outcome }) => outcome.fault === null).length
  const bad = [...settled.map(({ outcome }) => outcome), ...skipped].filter(({ fault }) => fault !== null)
  const doubted = settled.filter(({ noted }) => noted?.suspicion)
  const total = settled.length + skipped.length + unfinished.length
  const [first] = bad
  const fell = settled.flatMap(({ ready, noted }) => (noted ? fallen(ready.note, noted.note) : []))
  const negative = [...tallies.values()].reduce((sum, tally) => sum + tally.negative, 0)
  const doubled = [...tallies.values()].reduce((sum, tally) => sum + tally.doubled, 0)
  const parts = [
    bad.length > 0 && total > 1 ? `${bad.length} of ${total} accounts could not be read.` : null,
    first?.says ?? null,
    unfinished.length > 0 ? 'It stopped in the middle and goes on from there.' : null,
    counts.refused > 0
      ? `${counts.refused} ${counts.refused === 1 ? 'row' : 'rows'} could not be understood and ${counts.refused === 1 ? 'was' : 'were'} set aside.`
      : null,
    ...new Set(doubted.map(({ noted }) => noted!.suspicion!.says)),
    fell.length > 0 ? `Went down, and is stored as the platform says it: ${listed(fell)}.` : null,
    negative > 0 ? `Of ${negative} ${negative === 1 ? 'amount' : 'amounts'} more was taken back than came.` : null,
    doubled > 0
      ? `${doubled === 1 ? '1 row was twice in one answer with something else in it' : `${doubled} rows were twice in one answer with something else in them`}, and the last counts.`
      : null,
    bad.length === 0 && unfinished.length === 0 && isEmpty(counts, tallies) ? 'The answer held nothing.' : null,
  ].filter((part) => part !== null)
  return {
    state: stateOf(good, bad.length, unfinished.length, counts.refused + doubted.length, first?.fault ?? null),
    fault: first?.fault ?? null,
    says: parts.length > 0 ? parts.join(' ') : null,
  }
}

const listed = (all: readonly string[]) =>
  all.length > 3 ? `${all.slice(0, 3).join(', ')} and ${all.length - 3} more` : all.join(', ')

/** Audiences are rows that the counts of a run do not have: who watches is something, too. */
const isEmpty = ({ inserted, restated, unchanged, items, refused }: Run['counts'], tallies: Run['tallies']) =>
  inserted + restated + unchanged + items + refused === 0 &&
  [...tallies.values()].every(({ volume }) => volume.own + volume.items === 0)

function stateOf(
  good: number,
  bad: number,
  unfinished: number,
  refused: number,
  fault: keyof typeof faults | null,
): RunRecord['state'] {
  if (bad === 0 && unfinished > 0 && good === 0) return 'waiting'
  if (bad > 0 && good === 0) return fault !== null && faults[fault].fixedBy === 'time' ? 'waiting' : 'failed'
  return bad + unfinished + refused > 0 ? 'partial' : 'succeeded'
}
