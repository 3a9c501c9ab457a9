/**
 * The names that things have on every platform, each in its one form. Platforms give them with hyphens, spaces, small letters, or as a placeholder:
 * what is none in its standard's terms is null, so that two placeholders are never taken for one thing.
 */
export type CodeKind = 'isrc' | 'gtin' | 'isni' | 'mbid'

/** ISRC of a recording (ISO 3901): twelve capitals and digits. It has no check digit, so only its form can be told. */
export function parseIsrc(text: string): string | null {
  const code = bare(text).replace(/^ISRC:?/, '')
  return /^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$/.test(code) ? code : null
}

/** UPC-A, EAN-13 and GTIN-14 as GTIN-14, by the GS1 General Specifications, 7.9. Only zeros would pass the check and are what people type for "none". */
export function parseGtin(text: string): string | null {
  const digits = bare(text)
  if (!/^[0-9]{12,14}$/.test(digits)) return null
  const gtin = digits.padStart(14, '0')
  const sum = [...gtin].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 3 : 1), 0)
  return sum % 10 === 0 && /[1-9]/.test(gtin) ? gtin : null
}

/** ISNI of a person or group (ISO 27729): sixteen digits, the last of which may be X and checks the others (ISO 7064, MOD 11-2). */
export function parseIsni(text: string): string | null {
  const code = bare(text).replace(/^ISNI:?/, '')
  if (!/^[0-9]{15}[0-9X]$/.test(code) || /^0+$/.test(code)) return null
  const remainder = [...code.slice(0, 15)].reduce((total, digit) => ((total + Number(digit)) * 2) % 11, 0)
  const check = (12 - remainder) % 11
  return (check === 10 ? 'X' : String(check)) === code[15] ? code : null
}

/** MusicBrainz id: a UUID in small letters. */
export function parseMbid(text: string): string | null {
  const code = text.trim().toLowerCase()
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(code) && /[1-9a-f]/.test(code) ? code : null
}

const bare = (text: string) => text.toUpperCase().replace(/[\s\u2010-\u2015-]/g, '')

/** Under which names an item's or account's `identifiers` hold a kind of code. */
const namesOf: Readonly<Record<CodeKind, readonly string[]>> = {
  isrc: ['isrc'],
  gtin: ['upc', 'ean', 'gtin', 'barcode'],
  isni: ['isni'],
  mbid: ['mbid'],
}

const parsers: Readonly<Record<CodeKind, (text: string) => string | null>> = {
  isrc: parseIsrc,
  gtin: parseGtin,
  isni: parseIsni,
  mbid: parseMbid,
}

/** A code as it was given. `code` is null where it is none of its kind. */
export interface GivenCode {
  readonly raw: string
  readonly code: string | null
}

/** The codes of one kind, as they were given and in their one form. Several in one text stand apart by commas or semicolons; of those the first hundred count. */
export function codesGiven(identifiers: Readonly<Record<string, string>> | undefined, kind: CodeKind): GivenCode[] {
  return namesOf[kind]
    .flatMap((name) => identifiers?.[name]?.split(/[,;]/, mostCodes) ?? [])
    .map((raw) => raw.trim())
    .filter((raw) => raw !== '')
    .map((raw) => ({ raw, code: parsers[kind](raw) }))
}

const mostCodes = 100

/** The valid ones, each once, in the order of their letters. */
export function codesOf(identifiers: Readonly<Record<string, string>> | undefined, kind: CodeKind): string[] {
  const codes = codesGiven(identifiers, kind).flatMap(({ code }) => (code === null ? [] : [code]))
  return [...new Set(codes)].sort()
}

/** A date as far as it is known. An instant is a date to the second. */
export interface PartialDate {
  readonly value: string
  readonly precision: 'year' | 'month' | 'day' | 'instant'
}

/** `1981`, `1981-12`, `1981-12-15` or an instant. Parts that are zeros are not known: `1981-00-00` is a year, `0000-00-00` nothing. */
export function parsePartialDate(text: string | null | undefined): PartialDate | null {
  const parts = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?)?$/.exec(
    text?.trim() ?? '',
  )
  if (!parts) return null
  const [whole, year, month = '00', day = '00', time] = parts
  if (year === '0000') return null
  if (month === '00') return day === '00' ? { value: year!, precision: 'year' } : null
  if (day === '00') return Number(month) <= 12 ? { value: `${year}-${month}`, precision: 'month' } : null
  const date = `${year}-${month}-${day}`
  const at = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(date)) return null
  if (time === undefined) return { value: date, precision: 'day' }
  return Number.isNaN(Date.parse(whole)) ? null : { value: whole, precision: 'instant' }
}
