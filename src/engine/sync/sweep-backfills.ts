import type { Deps } from '../deps.ts'
import { inEachEnvironment } from '../in-each-environment.ts'
import { runsKeptMs } from '../watch/watch-jobs.ts'

/**
 * Forgets backfills that are over, or that somebody paused, when nothing has happened to them for as long as runs are kept, and the places from which they
 * would go on: whoever asks for days every night would have one more of both every night.
 */
export async function runBackfillSweep(
  deps: Pick<Deps, 'backfills' | 'records' | 'clock' | 'log'> & {
    readonly directory: Pick<Deps['directory'], 'environments'>
  },
  signal?: AbortSignal,
): Promise<void> {
  const { backfills, records, clock, directory } = deps
  const before = clock.now() - runsKeptMs
  const sweepIn = async ({ id: environmentId }: { id: string }) => {
    for (let found = mostAtOnce; found >= mostAtOnce && !signal?.aborted; ) {
      const old = await backfills.untouched(environmentId, { before, limit: mostAtOnce })
      found = old.length
      if (found === 0) return
      // Places first: those of a backfill that is forgotten nobody would find.
      await records.removePlaces(
        environmentId,
        old.map(({ id, connectionId }) => ({ connectionId, stream: id })),
      )
      await backfills.forget(
        environmentId,
        old.map(({ id }) => id),
        before,
      )
    }
  }
  await inEachEnvironment(deps, await directory.environments(), 'sync.backfills_not_swept', sweepIn, signal)
}

const mostAtOnce = 1_000
