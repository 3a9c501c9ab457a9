import type { Instant } from '../../ports/clock.ts'
import type { RunRecord } from '../../ports/journal.ts'
import type { ClaimedSlot } from '../../ports/schedule.ts'
import type { Deps } from '../deps.ts'
import { inEachEnvironment } from '../in-each-environment.ts'
import { claimMs, longestRunMs } from './hold-claim.ts'

/** So many broken-off runs in a row look as if the run itself ends the process (F94). */
const mostInARow = 3

/**
 * Whoever held a slot before stopped in the middle: its run is closed, since nobody else will. Answers whether the slot should be left alone for
 * a while, because every one of its last runs ended that way.
 */
export async function abandonRuns(
  { journal, clock }: Pick<Deps, 'journal' | 'clock'>,
  { environmentId, connectionId, stream }: ClaimedSlot,
): Promise<'go on' | 'leave alone'> {
  const unfinished = await journal.readRuns(environmentId, { connectionId, stream, state: 'running', limit: 20 })
  for (const run of unfinished) await journal.run(abandoned(run, clock.now()))
  const last = await journal.readRuns(environmentId, { connectionId, stream, limit: mostInARow })
  return last.length === mostInARow && last.every(({ state }) => state === 'abandoned') ? 'leave alone' : 'go on'
}

/**
 * Closes runs whose slots nobody claimed again, because their connection was paused or disconnected after the process died. No run lasts longer
 * than that.
 */
export async function closeLostRuns(deps: Pick<Deps, 'directory' | 'journal' | 'clock' | 'log'>): Promise<void> {
  const { directory, journal, clock } = deps
  const oldest = clock.now() - longestRunMs - 2 * claimMs
  await inEachEnvironment(deps, await directory.environments(), 'sync.lost_runs_not_closed', async ({ id }) => {
    const open = await journal.readRuns(id, { state: 'running', limit: 500 })
    for (const run of open) if (run.startedAt < oldest) await journal.run(abandoned(run, clock.now()))
  })
}

const abandoned = (run: RunRecord, endedAt: Instant): RunRecord => ({
  ...run,
  state: 'abandoned',
  endedAt,
  says: 'The process that did this stopped in the middle. What was saved counts; another run goes on from there.',
})
