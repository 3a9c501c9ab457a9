import { dayMs } from '@patchbay/kit'
import type { Deps, Setting } from '../deps.ts'
import type { Gateway } from '../http/gateway.ts'
import { inEachEnvironment } from '../in-each-environment.ts'
import { runAttach } from './attach-messages.ts'
import { checkAccessQueue, runCheckAccess } from './check-access.ts'
import { eraseAgainQueue, runEraseAgain } from './erase-account.ts'

/** Background work of `inbox`, shared by all processes: asking about access, attaching what waited for its account, forgetting what is old. */
export async function startInboxJobs(parts: { deps: Deps; setting: Setting; gateway: Gateway }): Promise<void> {
  const { deps } = parts
  await deps.jobs.work(checkAccessQueue, { concurrency: 2, retries: 8 }, (data) => runCheckAccess(parts, data))
  await deps.jobs.work(eraseAgainQueue, { concurrency: 1, retries: 8 }, (data) => runEraseAgain(deps, data))
  await deps.jobs.work(attachQueue, { concurrency: 1, retries: 0 }, (_, signal) => runAttach(deps, signal))
  await deps.jobs.cron(attachQueue, '37 * * * *')
  await deps.jobs.work(sweepQueue, { concurrency: 1, retries: 0 }, (_, signal) => runInboxSweep(deps, signal))
  await deps.jobs.cron(sweepQueue, '23 * * * *')
}

/**
 * A message is told apart from its repetitions for as long as it is kept, so the shortest time is four times the longest for which any provider is known to
 * send again, a week. What nobody could use, and what was asked of us by law, is kept for longer.
 */
export async function runInboxSweep(
  deps: Pick<Deps, 'inbox' | 'clock' | 'log'> & { directory: Pick<Deps['directory'], 'environments'> },
  signal?: AbortSignal,
): Promise<void> {
  const { inbox, directory, clock, log } = deps
  const now = clock.now()
  const before = { processed: now - 30 * dayMs, unmatched: now - 90 * dayMs, callbacks: now - 400 * dayMs }
  let rows = 0
  const sweepIn = async ({ id }: { id: string }) => {
    for (let turn = 0; turn < 1_000 && !signal?.aborted; turn++) {
      const swept = await inbox.sweep(id, before)
      rows += swept
      if (swept === 0) break
    }
  }
  await inEachEnvironment(deps, await directory.environments(), 'inbox.not_swept', sweepIn, signal)
  if (rows > 0) log.debug('inbox.swept', { rows })
}

const attachQueue = 'inbox.attach'
const sweepQueue = 'inbox.sweep'
