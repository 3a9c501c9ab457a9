import { type Column, columns, type ExportRow } from './rows.ts'

/**
 * RFC 4180: fields with commas between, lines with CR LF, quotes doubled, UTF-8. Nothing is an empty field, which is not 0.
 *
 * A spreadsheet takes a text that begins like a formula for one, and names are written by strangers
 * (https://owasp.org/www-community/attacks/CSV_Injection). Such a text gets a `'` in front, and so does one that would look as if it had got it, so that
 * `withoutGuard` finds every text again. Numbers are numbers: a minus in front of one is no formula.
 */
export async function* toCsv(pages: AsyncIterable<readonly ExportRow[]>): AsyncGenerator<Uint8Array> {
  yield encoder.encode(line(columns.map(({ name }) => name)))
  for await (const rows of pages)
    yield encoder.encode(rows.map((row) => line(columns.map((column) => field(column, row)))).join(''))
}

/** What a field said before it was guarded. */
export function withoutGuard(text: string): string {
  return text.startsWith("'") && formula.test(text) ? text.slice(1) : text
}

const encoder = new TextEncoder()

/** Also after spaces, quotes and what nobody sees, which some programs strip first, and in the full-width forms that some take for the same. */
const formula = /^(?:['"\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|['"]*[\t\r\n])/u

const line = (fields: readonly string[]) => `${fields.join(',')}\r\n`

function field({ kind, of }: Column, row: ExportRow): string {
  const cell = of(row)
  if (cell === null) return ''
  if (kind === 'instant') return new Date(Number(cell)).toISOString()
  if (typeof cell !== 'string') return String(cell)
  const guarded = formula.test(cell) ? `'${cell}` : cell
  return /[",\r\n]|^\s|\s$/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}
