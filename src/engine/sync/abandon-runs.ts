import type { ClaimedSlot } from '../../ports/schedule.ts'
import type { Deps } from '../deps.ts'

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
  for (const run of unfinished)
    await journal.run({
      ...run,
      state: 'abandoned',
      endedAt: clock.now(),
      says: 'The process that did this stopped in the middle. What was saved counts; another run goes on from there.',
    })
  const last = await journal.readRuns(environmentId, { connectionId, stream, limit: mostInARow })
  return last.length === mostInARow && last.every(({ state }) => state === 'abandoned') ? 'leave alone' : 'go on'
}
