/** A sealed text where it is stored, with all that binds it there. */
export interface StoredText {
  /** The store's own name for the column it stands in. */
  readonly place: string
  readonly row: string
  readonly field: string
  readonly generation: number
  readonly sealed: string
}

export interface Resealed {
  readonly text: StoredText
  /** The same secret for the same place, sealed anew. */
  readonly resealed: string
}

/**
 * Everything that data keys have sealed, wherever it is stored, so that it can be sealed anew while the rest of the engine works. Each text is known
 * by itself: no two are ever alike, so to compare the text is to compare the version of its row.
 */
export interface SealedTexts {
  /** A page of the texts of an environment that other versions than this one sealed, in an order of the store's own. `next` is null at the end. */
  sealedByOthers(
    environmentId: string,
    version: number,
    page: { after: string | null; limit: number },
  ): Promise<{ texts: StoredText[]; next: string | null }>
  /** Compare-and-swap: replaces each text that still stands there, and leaves alone what changed meanwhile. Returns how many were replaced. */
  replace(environmentId: string, changes: readonly Resealed[]): Promise<number>
  /** How many texts each version sealed; a version without any is absent. */
  counts(environmentId: string): Promise<ReadonlyMap<number, number>>
}
