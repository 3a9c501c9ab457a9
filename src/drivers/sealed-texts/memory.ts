import type { SealedTexts, StoredText } from '../../ports/sealed-texts.ts'

/** A memory store whose rows hold sealed texts. */
export interface KeepsSealed {
  /** Those of one environment, each with what puts another in its place. */
  sealedTexts(environmentId: string): Iterable<{ text: StoredText; replace(resealed: string): void }>
}

export interface MemorySealedTexts extends SealedTexts {
  /** Whether any text needs that version, in the same synchronous step. */
  needs(environmentId: string, version: number): boolean
}

/** The sealed texts of the memory stores of one world. */
export function openMemorySealedTexts(stores: readonly KeepsSealed[]): MemorySealedTexts {
  const all = (environmentId: string) =>
    stores
      .flatMap((store) => [...store.sealedTexts(environmentId)])
      .map((entry) => ({ ...entry, version: versionNamed(entry.text.sealed) }))
      .filter(({ version }) => version !== null)

  return {
    async sealedByOthers(environmentId, version, { after, limit }) {
      const texts = all(environmentId)
        .filter((entry) => entry.version !== version)
        .map(({ text }) => text)
        .filter((text) => after === null || placeOf(text) > after)
        .sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))
        .slice(0, limit)
      return { texts, next: texts.length < limit ? null : placeOf(texts.at(-1)!) }
    },

    async replace(environmentId, changes) {
      const standing = new Map(
        all(environmentId).map((entry) => [`${placeOf(entry.text)} ${entry.text.sealed}`, entry]),
      )
      let replaced = 0
      for (const { text, resealed } of changes) {
        const entry = standing.get(`${placeOf(text)} ${text.sealed}`)
        entry?.replace(resealed)
        if (entry) replaced++
      }
      return replaced
    },

    async counts(environmentId) {
      const counts = new Map<number, number>()
      for (const { version } of all(environmentId)) counts.set(version!, (counts.get(version!) ?? 0) + 1)
      return counts
    },

    needs: (environmentId, version) => all(environmentId).some((entry) => entry.version === version),
  }
}

/** Which version of the data key a text names; null for what is no sealed text. */
function versionNamed(text: string): number | null {
  const [, version] = /^pb1\.([1-9][0-9]{0,8})\./.exec(text) ?? []
  return version === undefined ? null : Number(version)
}

const placeOf = ({ place, row, field }: StoredText) => JSON.stringify([place, row, field])
