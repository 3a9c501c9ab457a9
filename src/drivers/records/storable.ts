/**
 * A value as it comes back from a column of JSON, without what PostgreSQL refuses in one: NUL is left out, half of a surrogate pair becomes the
 * replacement character. Both come from providers now and then, and one such character must not cost a page.
 */
export function storable<T>(value: T): T {
  return JSON.parse(storableJson(value)) as T
}

export function storableJson(value: unknown): string {
  const text = JSON.stringify(value)
  // Only what JSON.stringify had to escape can be at fault.
  return suspicious.test(text) ? JSON.stringify(clean(value)) : text
}

const suspicious = /\\u(0000|[dD][89a-fA-F])/

function clean(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map(clean)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [storableText(key), clean(inner)]))
}

/** The same for a plain text column. */
export function storableText(value: string): string {
  return value.includes('\0') || !value.isWellFormed() ? value.replaceAll('\0', '').toWellFormed() : value
}
