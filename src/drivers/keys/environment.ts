import type { Keys } from '../../ports/keys.ts'
import { localKey } from './local-key.ts'
import { parseKey } from './parse-key.ts'

/** The key-encryption key from the configuration: 32 bytes as hex or base64. It has read it; nothing is read here. */
export function openEnvironmentKeys(options: { value: string; name: string }): Keys {
  return localKey(parseKey(options.value, options.name))
}
