import type { DataKey, DataKeys, KeyCheck } from '../../ports/keys.ts'
import type { AlongLog } from '../along/memory.ts'
import type { MemorySealedTexts } from '../sealed-texts/memory.ts'

/** Wrapped data keys in memory. `texts` are what they sealed; a world without rotation needs none. */
export function openMemoryDataKeys(world: { log?: AlongLog; texts?: MemorySealedTexts } = {}): DataKeys {
  let keys: DataKey[] = []
  let check: KeyCheck | null = null
  const isLiving = (key: DataKey) => key.retiredAt === null

  return {
    async read(environmentId) {
      return keys.filter((key) => key.environmentId === environmentId).sort((one, other) => one.version - other.version)
    },

    async add(key, along) {
      if (keys.some((other) => other.environmentId === key.environmentId && other.version === key.version)) return false
      if (check && check.keyId !== key.keyId) return false
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

    async replaceCheck(before, next) {
      if (!check || check.keyId !== before.keyId || !isSame(check.value, before.value)) return false
      check = next
      return true
    },

    async wrappedByOthers(keyId, limit) {
      return keys.filter((key) => isLiving(key) && key.keyId !== keyId).slice(0, limit)
    },

    async rewrap(before, { keyId, wrapped }) {
      const { environmentId, version } = before
      const index = keys.findIndex((key) => key.environmentId === environmentId && key.version === version)
      if (index < 0 || !isSame(keys[index]!.wrapped, before.wrapped)) return false
      keys[index] = { ...keys[index]!, keyId, wrapped }
      return true
    },

    async countByKey() {
      const counts = new Map<string, number>()
      for (const { keyId } of keys.filter(isLiving)) counts.set(keyId, (counts.get(keyId) ?? 0) + 1)
      return counts
    },
  }
}

const isSame = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0
