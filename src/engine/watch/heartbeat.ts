import { minute, second } from '@patchbay/kit'
import type { Deps } from '../deps.ts'
import type { Planner } from '../sync/planner.ts'

/** A planner that looked for work no longer ago than this is at work. */
const freshMs = 60 * second

/**
 * Writes one sign of life a minute until the signal aborts. That it could be written says that the database takes writes; a minute without one is a
 * minute that nobody can vouch for.
 */
export async function runHeartbeat(
  { clock, history, log, random }: Pick<Deps, 'clock' | 'history' | 'log' | 'random'>,
  planner: Pick<Planner, 'lastBeatAt'> | null,
  signal: AbortSignal,
): Promise<void> {
  const process = random.id('prc')
  while (!signal.aborted) {
    const at = clock.now()
    const beatAt = planner?.lastBeatAt() ?? null
    const state = planner === null ? null : beatAt !== null && at - beatAt <= freshMs ? 'at_work' : 'late'
    await history.beat({ process, at, planner: state }).catch((error: unknown) => {
      log.warn('heartbeat.not_written', { error })
    })
    await clock.sleep(minute, signal).catch(() => {})
  }
}
