import { createHash } from 'node:crypto'
import type { Keys } from '../../ports/keys.ts'
import { localKey } from './local-key.ts'

/** A key that anybody can guess, for tests and simulations. */
export function openFixedKeys(phrase = 'patchbay test key'): Keys {
  return localKey(createHash('sha256').update(phrase).digest())
}
