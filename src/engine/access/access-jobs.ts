import { mostForgotten } from '../../ports/access.ts'
import type { Deps } from '../deps.ts'
import { inEachEnvironment } from '../in-each-environment.ts'

type Sweep = Pick<Deps, 'access' | 'clock' | 'log'> & { readonly directory: Pick<Deps['directory'], 'environments'> }

/** Background work of the API's access, shared by all processes: forgetting old idempotency keys. */
export async function startAccessJobs(deps: Sweep & Pick<Deps, 'jobs'>): Promise<void> {
  await deps.jobs.work(sweepQueue, { concurrency: 1, retries: 0 }, (_, signal) => runAccessSweep(deps, signal))
  await deps.jobs.cron(sweepQueue, '29 * * * *')
}

/** How long an idempotency key is good was decided when it was used. An answer that is kept is a copy of what it says, so none is kept for longer. */
export async function runAccessSweep(deps: Sweep, signal?: AbortSignal): Promise<void> {
  const { access, directory, clock } = deps
  const sweepIn = async ({ id }: { id: string }) => {
    const now = clock.now()
    for (let forgotten = mostForgotten; forgotten >= mostForgotten && !signal?.aborted; )
      forgotten = await access.forgetUses(id, now)
  }
  await inEachEnvironment(deps, await directory.environments(), 'access.not_swept', sweepIn, signal)
}

const sweepQueue = 'access.sweep'
