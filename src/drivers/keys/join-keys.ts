import type { Keys } from '../../ports/keys.ts'

/** Keys of two kinds, to move from the one to the other: the older ones still open what they wrapped, until a rotation is over. */
export function joinKeys(older: Keys, newer: Keys): Keys {
  const holderOf = async (keyId: string) => ((await older.ids()).includes(keyId) ? older : newer)
  return {
    ids: async () => [...(await older.ids()), ...(await newer.ids())],
    wrap: async (dataKey, context, keyId) => (await holderOf(keyId)).wrap(dataKey, context, keyId),
    unwrap: async (wrapped, context, keyId) => (await holderOf(keyId)).unwrap(wrapped, context, keyId),
  }
}
