import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metrics } from '@patchbay/kit'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import type { Connection } from '../../../ports/connections.ts'
import type { StoredObservation } from '../../../ports/records.ts'
import { toCsv, withoutGuard } from './csv.ts'
import { toJsonLines } from './json-lines.ts'
import { toParquet } from './parquet.ts'
import { columns, type ExportRow } from './rows.ts'

type Format = (pages: AsyncIterable<readonly ExportRow[]>) => AsyncGenerator<Uint8Array>

async function bytesOf(format: Format, pages: readonly (readonly ExportRow[])[]): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  const source = async function* () {
    yield* pages
  }
  for await (const piece of format(source())) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** What every format has to give back: the cells, by the names of their columns. */
const cellsOf = (row: ExportRow) => Object.fromEntries(columns.map(({ name, of }) => [name, of(row)]))

/** Names that strangers write: quotes, breaks, formulas, separators of other countries, quotes before formulas, and anything else. */
const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...'=+-@\t\r\n\'" ,;a1＝＋－＠'), maxLength: 6 }),
  fc.constantFrom(
    '=HYPERLINK("http://example.com")',
    '-1+1',
    "'Til Tuesday",
    "'=1",
    "''=1",
    '+44',
    '@nova',
    ' =1',
    '\u00a0=1',
    'null',
    'NaN',
    '0',
    '\ufeff=1',
  ),
)
const some = name.filter((text) => text !== '')
const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(null, 0, -5, 1e21, 5e-324),
)
const row: fc.Arbitrary<ExportRow> = fc
  .record({
    ...{ id: some, profileId: some, provider: some, account: some, accountName: some, item: fc.option(some) },
    dimensions: fc.dictionary(
      name.filter((key) => key !== '__proto__'),
      name,
      { maxKeys: 2 },
    ),
    metric: fc.constantFrom(...Object.keys(metrics)),
    day: fc.constantFrom('1999-12-31', '2026-10-05', '2028-02-29'),
    timezone: fc.constantFrom('UTC', 'America/Los_Angeles'),
    ...{
      value,
      reason: fc.constantFrom(null, 'hidden' as const),
      native: some,
      version: fc.option(some),
      final: fc.boolean(),
    },
    ...{ stream: some, runId: some, revision: fc.nat(), observedAt: fc.nat({ max: 4e12 }) },
  })
  .map(({ id, profileId, provider, account, accountName, ...rest }) => ({
    at: Date.parse('2026-10-06T12:00:00Z'),
    connection: { id, profileId, provider, account: { id: account, name: accountName, kind: 'channel' } } as Connection,
    observation: {
      connectionId: id,
      provenance: 'measured',
      ...rest,
      value: rest.value === 0 ? 0 : rest.value,
    } as StoredObservation,
  }))
const pages = fc.array(fc.array(row, { maxLength: 4 }), { maxLength: 3 })

test('a CSV that another program’s parser reads is the rows, whatever the names are', async () => {
  await fc.assert(
    fc.asyncProperty(pages, async (given) => {
      const text = (await bytesOf(toCsv, given)).toString('utf8')
      const read = parse(text, { columns: true, record_delimiter: '\r\n' }) as Record<string, string>[]
      const kinds = Object.fromEntries(columns.map(({ name, kind }) => [name, kind]))
      const cells = read.map((record) =>
        Object.fromEntries(Object.entries(record).map(([key, field]) => [key, parsed(kinds[key]!, field)])),
      )
      assert.deepEqual(cells, given.flat().map(cellsOf))
    }),
    { numRuns: 500 },
  )
})

test('no field of a CSV that is not a number begins like a formula', async () => {
  await fc.assert(
    fc.asyncProperty(pages, async (given) => {
      const text = (await bytesOf(toCsv, given)).toString('utf8')
      for (const record of parse(text, { columns: true, record_delimiter: '\r\n' }) as Record<string, string>[])
        for (const [key, field] of Object.entries(record)) {
          if (key === 'value') assert.ok(field === '' || Number.isFinite(Number(field)), field)
          else assert.doesNotMatch(field.replace(/^["\s\p{Cc}\p{Cf}]+/u, ''), /^[=+\-@＝＋－＠]/)
          assert.doesNotMatch(field, /^[\t\r\n]/)
        }
    }),
    { numRuns: 500 },
  )
})

test('a negative number stays a number, and nothing is an empty field that is not 0', async () => {
  const [one] = fc.sample(row, { numRuns: 1, seed: 1 })
  const fieldOf = async (value: number | null) => {
    const text = await bytesOf(toCsv, [[{ ...one!, observation: { ...one!.observation, value } }]])
    return (parse(text, { columns: true }) as Record<string, string>[])[0]!.value
  }
  assert.deepEqual([await fieldOf(-5), await fieldOf(0), await fieldOf(null)], ['-5', '0', ''])
})

test('JSON Lines are the rows', async () => {
  await fc.assert(
    fc.asyncProperty(pages, async (given) => {
      const lines = (await bytesOf(toJsonLines, given)).toString('utf8').split('\n')
      assert.equal(lines.pop(), '')
      const read = lines.map((line) => {
        const { read_at, dimensions, ...rest } = JSON.parse(line)
        const text = Object.keys(dimensions).length === 0 ? null : JSON.stringify(dimensions)
        return { ...rest, dimensions: text, read_at: Date.parse(read_at) }
      })
      assert.deepEqual(read, given.flat().map(cellsOf))
    }),
  )
})

test('a Parquet file that another library reads is the rows', async () => {
  await fc.assert(
    fc.asyncProperty(pages, async (given) => {
      assert.deepEqual(await readParquet(await bytesOf(toParquet, given)), given.flat().map(cellsOf).map(withoutMarks))
    }),
  )
})

test('Parquet goes out group by group', async () => {
  const rows = fc.sample(row, { numRuns: 500, seed: 2 })
  const sizes: number[] = []
  const file: Uint8Array[] = []
  let given = 0
  const source = async function* () {
    for (; given < 100; given++) yield rows
  }
  for await (const piece of toParquet(source())) {
    sizes.push(given)
    file.push(piece)
  }
  assert.deepEqual(sizes, [19, 39, 59, 79, 99, 100], 'each 10,000 rows are sent before more are asked for')
  const whole = Buffer.concat(file)
  const metadata = parquetMetadata(bufferOf(whole))
  assert.deepEqual(
    metadata.row_groups.map(({ num_rows }) => Number(num_rows)),
    Array(5).fill(10_000),
  )
  assert.deepEqual((await readParquet(whole)).slice(-500), rows.map(cellsOf).map(withoutMarks))
})

function parsed(kind: (typeof columns)[number]['kind'], field: string): unknown {
  if (field === '') return null
  if (kind === 'number' || kind === 'whole') return Number(field)
  if (kind === 'boolean') return field === 'true'
  return kind === 'instant' ? Date.parse(field) : withoutGuard(field)
}

async function readParquet(bytes: Buffer) {
  const read = await parquetReadObjects({ file: bufferOf(bytes) })
  return read.map(({ day, read_at, ...rest }) => ({
    ...rest,
    day: day.toISOString().slice(0, 10),
    read_at: read_at.getTime(),
  }))
}

/** The reader takes a byte order mark off each text; in the file it is there. */
const withoutMarks = (cells: ReturnType<typeof cellsOf>) =>
  Object.fromEntries(
    Object.entries(cells).map(([key, cell]) => [key, typeof cell === 'string' ? cell.replace(/^\ufeff/, '') : cell]),
  )

const bufferOf = (bytes: Buffer) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
