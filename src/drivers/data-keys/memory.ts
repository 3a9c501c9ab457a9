import type { DataKey, DataKeys } from '../../ports/keys.ts'

/** Wrapped data keys in memory. */
export function openMemoryDataKeys(): DataKeys {
  const keys: DataKey[] = []
  let check: { keyId: string; value: Uint8Array } | null = null

  return {
    async read(environmentId) {
      return keys.filter((key) => key.environmentId === environmentId).sort((one, other) => one.version - other.version)
    },

    async add(key) {
      if (keys.some((other) => other.environmentId === key.environmentId && other.version === key.version)) return false
      keys.push(key)
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
