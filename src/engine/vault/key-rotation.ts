import type { Actor } from '../../ports/along.ts'
import {
  beginDataKeyRotation,
  type DataKeyStatus,
  type RotationDeps,
  readDataKeyStatus,
  startDataKeyRotations,
} from './rotate-data-key.ts'
import {
  beginKeyRotation,
  type KeyRotationDeps,
  type KeyStatus,
  readKeyStatus,
  startKeyRotations,
} from './rotate-key.ts'
import type { Vault } from './vault.ts'

/** Replacing keys while everything runs. */
export interface KeyRotation {
  status(environmentId: string): Promise<{ readonly key: KeyStatus; readonly dataKey: DataKeyStatus }>
  /** Begins with a new data key for the environment, or goes on with a rotation that is under way. */
  rotateDataKey(environmentId: string, actor: Actor): Promise<void>
  /** Begins with a newer key-encryption key, for all environments, or goes on. Noted in the audit of the environment of whoever asks. */
  rotateKey(environmentId: string, actor: Actor): Promise<void>
  /** Begins the background work. */
  start(): Promise<void>
}

export function openKeyRotation(deps: RotationDeps & KeyRotationDeps, vault: Vault): KeyRotation {
  return {
    status: async (environmentId) => ({
      key: await readKeyStatus(deps),
      dataKey: await readDataKeyStatus(deps, environmentId),
    }),
    rotateDataKey: (environmentId, actor) => beginDataKeyRotation(deps, vault, environmentId, actor),
    rotateKey: (environmentId, actor) => beginKeyRotation(deps, environmentId, actor),
    async start() {
      await startDataKeyRotations(deps, vault)
      await startKeyRotations(deps)
    },
  }
}
