import type { DataKey, DataKeys } from '../../ports/keys.ts'
import type { AlongLog } from '../along/memory.ts'
import type { MemorySealedTexts } from '../sealed-texts/memory.ts'

/** Wrapped data keys in memory. `texts` are what they sealed; a world without rotation needs none. */
export function openMemoryDataKeys(world: { log?: AlongLog; texts?: MemorySealedTexts } = {}): DataKeys {
  let keys: DataKey[] = []
  let check: { keyId: string; value: Uint8Array } | null = null

  return {
    async read(environmentId) {
      return keys.filter((key) => key.environmentId === environmentId).sort((one, other) => one.version - other.version)
    },

    async add(key, along) {
      if (keys.some((other) => other.environmentId === key.environmentId && other.version === key.version)) return false
      keys.push(key)
      world.log?.write(key.environmentId, along)
      return true
    },

    async retire(environmentId, version, along) {
      const isIt = (key: DataKey) => key.environmentId === environmentId && key.version === version
      if (!keys.some((key) => isIt(key) && key.retiredAt === null) || world.texts?.needs(environmentId, version))
        return false
      keys = keys.map((key) => (isIt(key) ? { ...key, wrapped: new Uint8Array(), retiredAt: along.at } : key))
      world.log?.write(environmentId, along)
      return true
    },

    async check() {
      return check
    },

    async setCheck(value) {
      if (check) return false
      check = value
      return true
    },
  }
}
