import type { Keys } from '../../ports/keys.ts'
import { keyRing } from './key-ring.ts'
import { localKey } from './local-key.ts'
import { parseKey } from './parse-key.ts'

/**
 * Key-encryption keys from the configuration, each 32 bytes as hex or base64: the one to use, and those from before, which are needed until a rotation
 * is over. It has read them; nothing is read here.
 */
export function openEnvironmentKeys(options: { value: string; old?: readonly string[]; name: string }): Keys {
  const { value, old = [], name } = options
  const keys = [...old.map((text) => parseKey(text, `${name}S_OLD`)), parseKey(value, name)].map(localKey)
  return keyRing(() => keys)
}
