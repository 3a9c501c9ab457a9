import type { Environment } from '../ports/directory.ts'
import type { Deps } from './deps.ts'

/**
 * Background work in one environment after the other, and in each by itself: one in which it fails, for whatever reason, keeps no other from it. That is an
 * error in the log, named `failed`, and is tried again when the work is due again.
 */
export async function inEachEnvironment<One extends Pick<Environment, 'id'>>(
  { log }: Pick<Deps, 'log'>,
  environments: readonly One[],
  failed: string,
  work: (environment: One) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  for (const environment of environments) {
    if (signal?.aborted) return
    try {
      await work(environment)
    } catch (error) {
      // Broken off by a stop: that is no failure of the environment.
      if (signal?.aborted) throw error
      log.error(failed, { environmentId: environment.id, error })
    }
  }
}
