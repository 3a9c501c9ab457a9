import type { Database } from '../../ports/database.ts'
import type { Resealed, SealedTexts, StoredText } from '../../ports/sealed-texts.ts'
import { sealedPlaces, selectCounts, versionOf } from './sealed-places.ts'

/** Sealed texts in PostgreSQL, read and replaced in small transactions, one kind of place after the other. */
export function openPostgresSealedTexts(database: Database): SealedTexts {
  return {
    async sealedByOthers(environmentId, version, { after, limit }) {
      let [at, row, field]: Cursor = after === null ? [0, null, null] : JSON.parse(after)
      for (; at < sealedPlaces.length; at++, row = null, field = null) {
        const { name, select } = sealedPlaces[at]!
        const values = [environmentId, version, row, field, limit]
        const rows = await database.read<Row>(environmentId, pageOf(select), values, `sealed_texts.${name}`)
        if (rows.length === 0) continue
        const last = rows.at(-1)!
        const next: Cursor = rows.length < limit ? [at + 1, null, null] : [at, last.row, last.field]
        return { texts: rows.map((text) => ({ ...text, place: name })), next: JSON.stringify(next) }
      }
      return { texts: [], next: null }
    },

    replace: (environmentId, changes) =>
      database.tenant(environmentId, async (sql) => {
        let replaced = 0
        for (const { name, update } of sealedPlaces) {
          const here = changes.filter(({ text }) => text.place === name)
          if (here.length > 0)
            replaced += (await sql(update, [environmentId, ...columnsOf(here)], `sealed_texts.replace.${name}`)).count
        }
        return replaced
      }),

    async counts(environmentId) {
      const rows = await database.read<{ version: number; count: number }>(environmentId, selectCounts, [environmentId])
      return new Map(rows.map(({ version, count }) => [version, count]))
    },
  }
}

type Row = Omit<StoredText, 'place'> & Record<string, unknown>

/** Number of the place, and the last row and field that were read there. */
type Cursor = [place: number, row: string | null, field: string | null]

const pageOf = (select: string) => `
  select row, field, generation, sealed from (${select}) text
  where ${versionOf('sealed')} <> $2 and ($3::text is null or (row >= $3 and (row, field) > ($3, $4)))
  order by row, field limit $5`

function columnsOf(changes: readonly Resealed[]): string[][] {
  return [
    changes.map(({ text }) => text.row),
    changes.map(({ text }) => text.field),
    changes.map(({ text }) => text.sealed),
    changes.map(({ resealed }) => resealed),
  ]
}
