import type { ByteWriter, ParquetWriter, SchemaElement } from 'hyparquet-writer'
import { type Cell, type Column, columns, type ExportRow } from './rows.ts'

/** Rows are written in groups of about this many, which is what is in memory. */
const groupRows = 10_000

/** Parquet (https://parquet.apache.org/docs/file-format/), with each group of rows sent as soon as it is full; the footer comes last. */
export async function* toParquet(pages: AsyncIterable<readonly ExportRow[]>): AsyncGenerator<Uint8Array> {
  // Loaded with the first export: it takes 12 MB.
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer')
  const bytes = new ByteWriter()
  const file = new ParquetWriter({ writer: bytes, schema, createdBy: 'patchbay' })
  let group: ExportRow[] = []
  for await (const rows of pages) {
    group.push(...rows)
    if (group.length < groupRows) continue
    writeGroup(file, group)
    group = []
    yield taken(bytes)
  }
  if (group.length > 0) writeGroup(file, group)
  await file.finish()
  yield taken(bytes)
}

function writeGroup(file: ParquetWriter, rows: readonly ExportRow[]): void {
  // An index of pages would be kept until the end, for a search inside of groups that nobody needs.
  const data = columns.map(({ name, kind, of }) => ({
    name,
    data: rows.map((row) => cellOf(kind, of(row))),
    offsetIndex: false,
  }))
  file.write({ columnData: data, rowGroupSize: rows.length })
}

/** What was written since the last time. Places in the file are counted apart from places in memory, so these can be used again. */
function taken(bytes: ByteWriter): Uint8Array {
  const piece = bytes.getBytes().slice()
  bytes.index = 0
  return piece
}

function cellOf(kind: Column['kind'], cell: Cell): Cell | Date | undefined {
  if (cell === null) return undefined
  if (kind === 'day') return new Date(`${cell}T00:00:00Z`)
  return kind === 'instant' ? new Date(Number(cell)) : cell
}

const types: Record<Column['kind'], Pick<SchemaElement, 'type' | 'converted_type'>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  number: { type: 'DOUBLE' },
  whole: { type: 'INT32' },
  boolean: { type: 'BOOLEAN' },
  instant: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  day: { type: 'INT32', converted_type: 'DATE' },
}

const schema: SchemaElement[] = [
  { name: 'root', num_children: columns.length },
  ...columns.map(({ name, kind }): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...types[kind] })),
]
