import { Fault } from '@patchbay/kit'
import type { Keys } from '../../ports/keys.ts'
import type { LocalKey } from './local-key.ts'

/** Several keys that this process holds, oldest first. They are looked up for each use, since there may be others by then. */
export function keyRing(keysNow: () => readonly LocalKey[]): Pick<Keys, 'ids' | 'wrap' | 'unwrap'> {
  const find = (keyId: string) => {
    const key = keysNow().find(({ id }) => id === keyId)
    if (!key) throw new Fault('platform.vault', `The encryption key ${keyId} is not here.`, { key: keyId })
    return key
  }
  return {
    ids: async () => keysNow().map(({ id }) => id),
    wrap: async (dataKey, context, keyId) => find(keyId).wrap(dataKey, context),
    unwrap: async (wrapped, context, keyId) => find(keyId).unwrap(wrapped, context),
  }
}
