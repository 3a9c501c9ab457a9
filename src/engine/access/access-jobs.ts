import type { Deps } from '../deps.ts'
import { inEachEnvironment } from '../in-each-environment.ts'

type Sweep = Pick<Deps, 'access' | 'clock' | 'log'> & { readonly directory: Pick<Deps['directory'], 'environments'> }

/** Background work of the API's access, shared by all processes: forgetting old idempotency keys. */
export async function startAccessJobs(deps: Sweep & Pick<Deps, 'jobs'>): Promise<void> {
  await deps.jobs.work(sweepQueue, { concurrency: 1, retries: 0 }, () => runAccessSweep(deps))
  await deps.jobs.cron(sweepQueue, '29 * * * *')
}

/** How long an idempotency key is good was decided when it was used. An answer that is kept is a copy of what it says, so none is kept for longer. */
export async function runAccessSweep(deps: Sweep): Promise<void> {
  const { access, directory, clock } = deps
  await inEachEnvironment(deps, await directory.environments(), 'access.not_swept', async ({ id }) => {
    await access.forgetUses(id, clock.now())
  })
}

const sweepQueue = 'access.sweep'
