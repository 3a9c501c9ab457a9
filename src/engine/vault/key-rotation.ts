import type { Actor } from '../../ports/along.ts'
import type { Deps } from '../deps.ts'
import { inEachEnvironment } from '../in-each-environment.ts'
import {
  beginDataKeyRotation,
  type DataKeyStatus,
  type RotationDeps,
  readDataKeyStatus,
  runDataKeyRotation,
} from './rotate-data-key.ts'
import { beginKeyRotation, type KeyRotationDeps, type KeyStatus, readKeyStatus, runKeyRotation } from './rotate-key.ts'
import type { Vault } from './vault.ts'

/** Replacing keys while everything runs. */
export interface KeyRotation {
  status(environmentId: string): Promise<{ readonly key: KeyStatus; readonly dataKey: DataKeyStatus }>
  /** Begins with a new data key for the environment, or goes on with a rotation that is under way. */
  rotateDataKey(environmentId: string, actor: Actor): Promise<void>
  /** Begins with a newer key-encryption key, for all environments, or goes on. Noted in the audit of the environment of whoever asks. */
  rotateKey(environmentId: string, actor: Actor): Promise<void>
  /** Begins the background work: every minute in one of the processes, and at once when somebody asks for a rotation. */
  start(): Promise<void>
}

export function openKeyRotation(
  deps: RotationDeps & KeyRotationDeps & Pick<Deps, 'directory' | 'jobs'>,
  vault: Vault,
): KeyRotation {
  return {
    status: async (environmentId) => ({
      key: await readKeyStatus(deps),
      dataKey: await readDataKeyStatus(deps, environmentId),
    }),

    async rotateDataKey(environmentId, actor) {
      await beginDataKeyRotation(deps, vault, environmentId, actor)
      await deps.jobs.send(queue, { environmentId }, { key: environmentId })
    },

    async rotateKey(environmentId, actor) {
      await beginKeyRotation(deps, environmentId, actor)
      await deps.jobs.send(queue, {}, { key: 'all' })
    },

    async start() {
      await deps.jobs.work(queue, { concurrency: 1, retries: 0 }, async ({ environmentId }, signal) => {
        if (typeof environmentId === 'string') return runDataKeyRotation(deps, vault, environmentId, signal)
        await runKeyRotation(deps, signal)
        await inEachEnvironment(
          deps,
          await deps.directory.environments(),
          'vault.not_resealed',
          ({ id }) => runDataKeyRotation(deps, vault, id, signal),
          signal,
        )
      })
      await deps.jobs.cron(queue, '* * * * *')
    },
  }
}

const queue = 'vault.rotate'
