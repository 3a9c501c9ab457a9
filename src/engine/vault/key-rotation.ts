import type { Actor } from '../../ports/along.ts'
import {
  beginDataKeyRotation,
  type DataKeyStatus,
  type RotationDeps,
  readDataKeyStatus,
  startDataKeyRotations,
} from './rotate-data-key.ts'
import type { Vault } from './vault.ts'

/** Replacing keys while everything runs. */
export interface KeyRotation {
  status(environmentId: string): Promise<{ readonly dataKey: DataKeyStatus }>
  /** Begins with a new data key for the environment, or goes on with a rotation that is under way. */
  rotateDataKey(environmentId: string, actor: Actor): Promise<void>
  /** Begins the background work. */
  start(): Promise<void>
}

export function openKeyRotation(deps: RotationDeps, vault: Vault): KeyRotation {
  return {
    status: async (environmentId) => ({ dataKey: await readDataKeyStatus(deps, environmentId) }),
    rotateDataKey: (environmentId, actor) => beginDataKeyRotation(deps, vault, environmentId, actor),
    start: () => startDataKeyRotations(deps, vault),
  }
}
