import { Fault, type Json } from '@patchbay/kit'

/** What an expression found, in the forms that rows need. Each throws a `RowError` that says what was there instead. */
export class RowError extends Error {}

/** An id or a name: also a number is one. */
export function textOf(value: Json, what: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= mostCharacters) return value
  if (typeof value === 'number') return String(value)
  throw new RowError(`${what}: ${said(value)} where a text was expected`)
}

/** Null where there is none. Counters come as texts from many platforms; one with commas or a unit is no number. */
export function numberOf(value: Json, what: string): number | null {
  if (value === null) return null
  const number = typeof value === 'string' && /^-?\d{1,15}(\.\d{1,10})?$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isFinite(number)) return number
  throw new RowError(`${what}: ${said(value)} where a number was expected`)
}

/** `2026-11-22` at the beginning of a text. */
export function dayOfText(value: Json, what: string): string {
  const day = typeof value === 'string' ? value.slice(0, 10) : ''
  if (/^\d{4}-\d{2}-\d{2}$/.test(day) && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day)) return day
  throw new RowError(`${what}: ${said(value)} where a day such as 2026-11-22 was expected`)
}

/** Left out when there is none. */
export function optionalText(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= mostCharacters
    ? value
    : typeof value === 'number'
      ? String(value)
      : undefined
}

/** Where without it nothing can go on. */
export function requiredText(value: Json, what: string): string {
  try {
    return textOf(value, what)
  } catch (error) {
    if (error instanceof RowError) throw new Fault('setup.definition', `${error.message}.`, { field: what })
    throw error
  }
}

const mostCharacters = 4_000

/** Kinds and not values: what the platform said may be nobody's business. */
const said = (value: Json): string =>
  value === null ? 'nothing' : Array.isArray(value) ? 'a list' : value === '' ? 'an empty text' : `a ${typeof value}`
