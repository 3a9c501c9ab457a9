import type { Json } from '@patchbay/kit'
import type { Along } from './along.ts'
import type { Instant } from './clock.ts'

/** What tells whether a definition is still the one that somebody knows. */
export interface DefinitionHead {
  readonly id: string
  /** Counts up with each replacement. */
  readonly version: number
  /** Of the document's text. The same id with another digest is another platform, also after it was removed and registered anew. */
  readonly digest: string
}

/** A platform that an environment describes itself. */
export interface StoredDefinition extends DefinitionHead {
  readonly environmentId: string
  readonly document: Json
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** Definitions of platforms, each an environment's own. */
export interface Definitions {
  /** By id, ascending. */
  heads(environmentId: string): Promise<DefinitionHead[]>
  read(environmentId: string, ids: readonly string[]): Promise<StoredDefinition[]>
  /**
   * Inserts where `expects` is null, and otherwise replaces the one of that digest; gives the version. `changed`: there is another by now. `full`: the
   * environment has `most` of them.
   */
  save(
    definition: Pick<StoredDefinition, 'environmentId' | 'id' | 'digest' | 'document'>,
    options: { expects: string | null; most: number },
    along: Along,
  ): Promise<number | 'changed' | 'full'>
  /** False when it was not there. */
  remove(environmentId: string, id: string, along: Along): Promise<boolean>
}
