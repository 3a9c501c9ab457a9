import { checkDefinition } from '@patchbay/definitions'
import type { Provider } from '@patchbay/kit'
import type { DefinitionHead } from '../../ports/definitions.ts'
import type { Deps } from '../deps.ts'
import type { Recent } from '../recent.ts'

/** Which platforms there are: the catalog's everywhere, and in each environment those that it registered itself. */
export interface Providers {
  readonly catalog: ReadonlyMap<string, Provider>
  /** At most half a second old. What an environment registered comes before the catalog, so that a newer catalog takes nothing away from what is connected. */
  in(environmentId: string): ReadonlyMap<string, Provider> | Promise<ReadonlyMap<string, Provider>>
}

/** Where nobody registers any. */
export const catalogOnly = (providers: readonly Provider[]): Providers => {
  const catalog = new Map(providers.map((provider) => [provider.id, provider]))
  return { catalog, in: () => catalog }
}

interface Compiled {
  readonly heads: readonly DefinitionHead[]
  readonly map: ReadonlyMap<string, Provider>
}

/** Compiles definitions as they are first asked for, and again when they were replaced. `learned` is told of each before anybody gets it. */
export function openProviders(
  { definitions, log }: Pick<Deps, 'definitions' | 'log'>,
  recent: Pick<Recent, 'definitions'>,
  catalog: ReadonlyMap<string, Provider>,
  learned: (environmentId: string, id: string, document: unknown) => Promise<void>,
): Providers {
  const compiled = new Map<string, Compiled>()
  /** Whoever asks meanwhile waits for the same. */
  const compiling = new Map<string, { heads: readonly DefinitionHead[]; map: Promise<Compiled['map']> }>()

  function mapOf(environmentId: string, heads: readonly DefinitionHead[]): ReturnType<Providers['in']> {
    if (heads.length === 0) return catalog
    const known = compiled.get(environmentId)
    if (known && sameHeads(known.heads, heads)) return known.map
    const begun = compiling.get(environmentId)
    if (begun && sameHeads(begun.heads, heads)) return begun.map
    const map = compileAll(environmentId, heads, known).finally(() => {
      if (compiling.get(environmentId)?.map === map) compiling.delete(environmentId)
    })
    compiling.set(environmentId, { heads, map })
    return map
  }

  async function compileAll(environmentId: string, heads: readonly DefinitionHead[], known: Compiled | undefined) {
    const kept = heads.filter(({ id, digest }) =>
      known?.heads.some((head) => head.id === id && head.digest === digest && known.map.has(id)),
    )
    const own = new Map(kept.map(({ id }) => [id, known!.map.get(id)!]))
    const others = heads.filter((head) => !kept.includes(head)).map(({ id }) => id)
    const read = await definitions.read(environmentId, others)
    for (const { id, document } of read) {
      const { accepted, remarks } = checkDefinition(document)
      if (!accepted) {
        log.error('definitions.refused', { environmentId, provider: id, says: remarks[0]?.says })
        continue
      }
      own.set(id, { ...accepted.provider, ownedBy: environmentId })
    }
    await Promise.all(read.map(({ id, document }) => (own.has(id) ? learned(environmentId, id, document) : null)))
    const map = new Map([...catalog, ...own])
    // What is connected has credentials for that platform, and not for another of the same id.
    for (const { id } of heads) if (!own.has(id)) map.delete(id)
    compiled.set(environmentId, { heads, map })
    return map
  }

  return {
    catalog,
    in(environmentId) {
      const heads = recent.definitions(environmentId)
      return heads instanceof Promise
        ? heads.then((found) => mapOf(environmentId, found ?? []))
        : mapOf(environmentId, heads)
    },
  }
}

const sameHeads = (one: readonly DefinitionHead[], other: readonly DefinitionHead[]): boolean =>
  one === other ||
  (one.length === other.length && one.every(({ id, digest }, i) => id === other[i]!.id && digest === other[i]!.digest))
