import { dayMs } from '@patchbay/kit'
import type { Deps } from '../deps.ts'
import { inEachEnvironment } from '../in-each-environment.ts'

/** Calls are most of what is written, and nobody looks up one that is older. KPIs are counted from them: no window begins earlier. */
export const callsKeptMs = 100 * dayMs
/** Runs, and what is only kept to be counted: a year, and the month before it to compare with. */
export const runsKeptMs = 400 * dayMs

type Sweep = Pick<Deps, 'clock' | 'history' | 'journal' | 'log'> & {
  readonly directory: Pick<Deps['directory'], 'environments'>
}

/** Background work of `watch`, shared by all processes: forgetting what is old, once an hour. */
export async function startWatchJobs(deps: Sweep & Pick<Deps, 'jobs'>): Promise<void> {
  await deps.jobs.work(sweepQueue, { concurrency: 1, retries: 0 }, (_, signal) => runWatchSweep(deps, signal))
  await deps.jobs.cron(sweepQueue, '43 * * * *')
}

/** As long as there is something, up to ten million calls of an environment. */
export async function runWatchSweep(deps: Sweep, signal?: AbortSignal): Promise<void> {
  const { clock, history, journal, log, directory } = deps
  const now = clock.now()
  let rows = await history.sweep(now - runsKeptMs)
  const sweepIn = async ({ id }: { id: string }) => {
    for (let turn = 0; turn < 1_000 && !signal?.aborted; turn++) {
      const swept = await journal.sweep(id, { calls: now - callsKeptMs, runs: now - runsKeptMs })
      rows += swept
      if (swept === 0) break
    }
  }
  await inEachEnvironment(deps, await directory.environments(), 'history.not_swept', sweepIn, signal)
  if (rows > 0) log.debug('history.swept', { rows })
}

const sweepQueue = 'watch.sweep-history'
