import pg from 'pg'

type Parse = (text: string) => unknown

/**
 * How a column's text becomes a value: instants are milliseconds, bigints are numbers (an error where a number cannot hold them
 * exactly), `numeric` and `date` stay text because no JavaScript value is the same, JSON is parsed.
 */
export function parseColumn(type: number, format?: 'text' | 'binary'): Parse {
  return (format !== 'binary' && parsers[type]) || pg.types.getTypeParser(type, 'text')
}

// The session speaks UTC and ISO: '2025-03-01 12:00:00.123456+00'.
function instant(text: string): number {
  if (text === 'infinity') return Infinity
  if (text === '-infinity') return -Infinity
  const value = Date.parse(`${text.slice(0, 10)}T${text.slice(11).replace('+00', 'Z')}`)
  if (Number.isNaN(value)) throw new Error('an instant outside of the years 1 to 9999 was stored')
  return value
}

function safeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value))
    throw new Error('a bigint was stored that a number cannot hold exactly; select it as text')
  return value
}

/** By the numbers that PostgreSQL gives its types, which never change. */
const types = {
  bigint: 20,
  bigints: 1016,
  texts: 1009,
  date: 1082,
  dates: 1182,
  timestamp: 1114,
  timestamptz: 1184,
  timestamptzs: 1185,
}

const parsers: Record<number, Parse> = {
  [types.bigint]: safeInteger,
  [types.bigints]: arrayOf(safeInteger),
  [types.date]: asText,
  [types.dates]: arrayOf(asText),
  [types.timestamp]: asText,
  [types.timestamptz]: instant,
  [types.timestamptzs]: arrayOf(instant),
}

function asText(text: string): string {
  return text
}

/** An array of text is read by `pg`, with all its quoting; its elements are then ours to read. */
function arrayOf(parse: Parse): Parse {
  const textArray: Parse = pg.types.getTypeParser(types.texts, 'text')
  return (text) => (textArray(text) as (string | null)[]).map((element) => (element === null ? null : parse(element)))
}
