import { createHash } from 'node:crypto'
import type { Keys } from '../../ports/keys.ts'
import { keyRing } from './key-ring.ts'
import { localKey } from './local-key.ts'

/** Keys that anybody can guess, for tests and simulations. */
export function openFixedKeys(...phrases: readonly string[]): Keys {
  const wanted = phrases.length > 0 ? phrases : ['patchbay test key']
  const keys = wanted.map((phrase) => localKey(createHash('sha256').update(phrase).digest()))
  return keyRing(() => keys)
}
