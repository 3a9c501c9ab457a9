import type { DefinitionHead, Definitions, StoredDefinition } from '../../ports/definitions.ts'
import type { AlongLog } from '../along/memory.ts'

/** Definitions in memory, as text, so that nobody changes what is stored. */
export function openMemoryDefinitions(log: AlongLog): Definitions {
  const rows = new Map<string, Omit<StoredDefinition, 'document'> & { readonly text: string }>()
  const keyOf = (environmentId: string, id: string) => `${environmentId} ${id}`
  const own = (environmentId: string) => [...rows.values()].filter((row) => row.environmentId === environmentId)

  return {
    async heads(environmentId) {
      return own(environmentId)
        .map(({ id, version, digest }): DefinitionHead => ({ id, version, digest }))
        .sort((one, other) => (one.id < other.id ? -1 : 1))
    },

    async read(environmentId, ids) {
      return own(environmentId)
        .filter(({ id }) => ids.includes(id))
        .map(({ text, ...row }) => ({ ...row, document: JSON.parse(text) }))
    },

    async save({ environmentId, id, digest, document }, { expects, most }, along) {
      const before = rows.get(keyOf(environmentId, id))
      if ((before?.digest ?? null) !== expects) return 'changed'
      if (!before && own(environmentId).length >= most) return 'full'
      const version = (before?.version ?? 0) + 1
      const createdAt = before?.createdAt ?? along.at
      const text = JSON.stringify(document)
      rows.set(keyOf(environmentId, id), { environmentId, id, version, digest, text, createdAt, updatedAt: along.at })
      log.write(environmentId, along)
      return version
    },

    async remove(environmentId, id, along) {
      const removed = rows.delete(keyOf(environmentId, id))
      if (removed) log.write(environmentId, along)
      return removed
    },
  }
}
