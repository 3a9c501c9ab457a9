/**
 * Turns anything into plain data that is fit for one log line: bounded in size and depth, without control characters (a name that a provider
 * sent may carry a terminal's escape codes or a line of its own), and of errors only what is known to be harmless. Properties that libraries
 * hang on their errors, such as the request with its headers or the row with its values, stay behind.
 */
export function loggable(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return printable(value, longestText)
    case 'bigint':
    case 'symbol':
      return printable(String(value), longestText)
    case 'function':
      return '[function]'
    case 'object':
      return value === null ? null : loggableObject(value, depth)
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    default:
      return value
  }
}

/** The text with control characters written out (`\u001b`) and cut to `longest` characters. Bidirectional overrides count as controls: they make a line read as another. */
export function printable(text: string, longest: number): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text
  return cut.toWellFormed().replace(unprintable, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const unprintable = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu
const longestText = 2_000
const deepest = 5
const mostEntries = 50

function loggableObject(value: object, depth: number): unknown {
  if (depth >= deepest) return '[too deep]'
  if (value instanceof Error) return loggableError(value, depth)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  const list = Array.isArray(value) ? value : value instanceof Set ? [...value] : null
  if (list) {
    const kept = list.slice(0, mostEntries).map((entry) => loggable(entry, depth + 1))
    return list.length > mostEntries ? [...kept, `… (${list.length} entries)`] : kept
  }
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value)
  const kept = entries
    .slice(0, mostEntries)
    .map(([name, entry]) => [printable(String(name), 100), loggable(entry, depth + 1)])
  if (entries.length > mostEntries) kept.push(['…', `${entries.length} entries`])
  return Object.fromEntries(kept)
}

function loggableError(error: Error, depth: number): unknown {
  const { code, detail } = error as { code?: unknown; detail?: unknown }
  const stack = error.stack?.split('\n').slice(1, 12)
  return {
    name: printable(error.name, 100),
    message: printable(error.message, longestText),
    ...(typeof code === 'string' && { code: printable(code, 100) }),
    // A Fault's detail is made to be shown; of other errors it may be a row of the database.
    ...(error.name === 'Fault' && { detail: loggable(detail, depth + 1) }),
    ...(stack && { stack: stack.map((line) => printable(line.trim(), 300)) }),
    ...(error.cause !== undefined && { cause: loggable(error.cause, depth + 1) }),
  }
}
