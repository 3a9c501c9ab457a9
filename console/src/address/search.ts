/**
 * What a page shows stands in its address, as plain `name=value` pairs that a person can read and change. A value that a page does not know
 * counts as absent, so that an old or mistyped address still opens the page.
 */
type Reader = (raw: string | undefined) => unknown

/** Any text, up to a length that no honest address exceeds. */
export const text = (raw: string | undefined): string | undefined => (raw && raw.length <= 300 ? raw : undefined)

/** Several words, as `a,b,c`; as long as the API takes a list. */
export const list = (raw: string | undefined): string | undefined => (raw && raw.length <= 4000 ? raw : undefined)

/** A calendar day. */
export const day = (raw: string | undefined): string | undefined =>
  raw && /^\d{4}-\d{2}-\d{2}$/.test(raw) && !Number.isNaN(Date.parse(raw)) ? raw : undefined

/** One of a few words. */
export const oneOf =
  <const Word extends string>(words: readonly Word[]) =>
  (raw: string | undefined): Word | undefined =>
    words.find((word) => word === raw)

/** Present or not: written as `1`. */
export const flag = (raw: string | undefined): '1' | undefined => (raw === '1' ? '1' : undefined)

/** Reads a page's part of the address. */
export function searchOf<const Spec extends Record<string, Reader>>(spec: Spec) {
  return (raw: Record<string, unknown>): { [Name in keyof Spec]?: Exclude<ReturnType<Spec[Name]>, undefined> } => {
    const read: Record<string, unknown> = {}
    for (const [name, reader] of Object.entries(spec)) {
      const value = raw[name]
      const known = reader(typeof value === 'string' ? value : undefined)
      if (known !== undefined) read[name] = known
    }
    return read as { [Name in keyof Spec]?: Exclude<ReturnType<Spec[Name]>, undefined> }
  }
}

export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search))
}

/** The other way; what is absent or empty is left out, so that a page without filters has a clean address. */
export function stringifySearch(search: Record<string, unknown>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search))
    if (typeof value === 'string' && value !== '') query.set(name, value)
  return query.size > 0 ? `?${query}` : ''
}
