import { columns, type ExportRow } from './rows.ts'

/** One JSON object a line (https://jsonlines.org), with every key in each: what is not there is null. */
export async function* toJsonLines(pages: AsyncIterable<readonly ExportRow[]>): AsyncGenerator<Uint8Array> {
  for await (const rows of pages) yield encoder.encode(rows.map((row) => `${JSON.stringify(toObject(row))}\n`).join(''))
}

const encoder = new TextEncoder()

function toObject(row: ExportRow): Record<string, unknown> {
  return Object.fromEntries(
    columns.map(({ name, kind, of }) => {
      const cell = of(row)
      if (name === 'dimensions') return [name, row.observation.dimensions]
      return [name, kind === 'instant' && cell !== null ? new Date(Number(cell)).toISOString() : cell]
    }),
  )
}
