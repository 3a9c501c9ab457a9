import type { ApiResponse, Errors } from './http.ts'
import { nearInstant, parseInstant } from './instant.ts'
import { type Json, parseJson } from './json.ts'
import type { QuotaSignal } from './quota.ts'
import { minute } from './time.ts'

/**
 * How an answer's headers say where a quota stands, as data. One line a quota and kind of header; several may name the same. Whatever they say can only
 * tighten what we know, so a header that is missing, broken or too friendly changes nothing.
 */
export type QuotaHeader =
  | CountedHeaders
  /** `18/5000`, `api-usage=18/5000, per-app-api-usage=17/250(appName=x)`: used of limit. `key` picks one of several. */
  | { readonly quota: string; readonly usedOf: string; readonly key?: string }
  | PercentHeader
  /**
   * `RateLimit` as the IETF has it: `"burst";r=3;t=2, "daily";r=50;t=3600`, and its earlier form `limit=10, remaining=4, reset=7`. Policy → quota; `*` is
   * for a policy that no other line names.
   */
  | { readonly rateLimit: Readonly<Record<string, string>> }

/** `x-ratelimit-remaining: 12` and `x-ratelimit-reset: 30`, under whatever names. */
export interface CountedHeaders {
  readonly quota: string
  readonly remaining: string
  /** When there is room again. Asked only where nothing remains. */
  readonly reset?: string
  /**
   * `seconds` to go (when absent), an `instant` since 1970 in seconds, milliseconds or microseconds or in ISO 8601, or a `duration` such as `6m0s`, `20ms`,
   * `1h2m`.
   */
  readonly resetIs?: 'seconds' | 'instant' | 'duration'
  /** In which an instant is that names none, such as `2026-11-01 00:00:00`. Without it such a one says nothing. */
  readonly resetZone?: string
}

/** JSON in which percentages of the limit stand somewhere, the highest of which counts: `{"call_count":28,"total_time":25}`. */
export interface PercentHeader {
  readonly quota: string
  readonly percentIn: string
  readonly fields: readonly string[]
  /** How many minutes until calls are taken again; 0 when they are. */
  readonly waitMinutes?: string
}

/** What an answer's headers say about quotas, by the provider's data and by its function. */
export function quotaSignals(errors: Pick<Errors, 'quotaHeaders' | 'signals'>, response: ApiResponse): QuotaSignal[] {
  return [
    ...(errors.quotaHeaders ?? []).flatMap((header) => readHeader(header, response)),
    ...(errors.signals?.(response) ?? []),
  ]
}

function readHeader(header: QuotaHeader, response: ApiResponse): QuotaSignal[] {
  if ('remaining' in header) return readCounted(header, response)
  if ('usedOf' in header) return readUsedOf(header, response)
  return 'percentIn' in header ? readPercent(header, response) : readRateLimit(header.rateLimit, response)
}

/** A header that is longer is no such header. */
const longest = 10_000

function textOf({ headers }: ApiResponse, name: string): string | null {
  const text = headers[name.toLowerCase()]?.trim()
  return text === undefined || text.length > longest ? null : text
}

function readCounted(
  { quota, remaining, reset, resetIs, resetZone }: CountedHeaders,
  response: ApiResponse,
): QuotaSignal[] {
  const left = numberOf(textOf(response, remaining))
  if (left === null) return []
  const text = left <= 0 && reset !== undefined ? textOf(response, reset) : null
  const waitMs = text === null ? null : waitOf(text, { form: resetIs ?? 'seconds', zone: resetZone }, response)
  return [{ quota, remaining: Math.max(0, left), ...(waitMs !== null && waitMs > 0 && { waitMs }) }]
}

function readUsedOf(
  { quota, usedOf, key }: { quota: string; usedOf: string; key?: string },
  response: ApiResponse,
): QuotaSignal[] {
  for (const part of (textOf(response, usedOf) ?? '').split(/[,;]/)) {
    const found = /^\s*(?:([\w-]+)\s*=\s*)?(\d+(?:\.\d+)?)\s*\/\s*(\d+(?:\.\d+)?)/.exec(part)
    if (!found || (key !== undefined && found[1] !== key)) continue
    const [used, limit] = [Number(found[2]), Number(found[3])]
    if (limit > 0) return [{ quota, used: used / limit }]
  }
  return []
}

function readPercent({ quota, percentIn, fields, waitMinutes }: PercentHeader, response: ApiResponse): QuotaSignal[] {
  const json = jsonOf(textOf(response, percentIn))
  const percents = fields.flatMap((field) => numbersIn(json, field))
  if (percents.length === 0) return []
  const minutes = waitMinutes === undefined ? 0 : Math.max(0, ...numbersIn(json, waitMinutes))
  return [{ quota, used: Math.max(...percents) / 100, ...(minutes > 0 && { waitMs: minutes * minute }) }]
}

function readRateLimit(policies: Readonly<Record<string, string>>, response: ApiResponse): QuotaSignal[] {
  const text = textOf(response, 'ratelimit')
  if (text === null) return []
  const early = earlyForm(text)
  return (early ? [early] : parseItems(text)).flatMap(({ name, r, t }): QuotaSignal[] => {
    const quota = (Object.hasOwn(policies, name) ? policies[name] : undefined) ?? policies['*']
    if (quota === undefined || r === null) return []
    return [{ quota, remaining: Math.max(0, r), ...(r <= 0 && t !== null && t > 0 && { waitMs: t * 1000 }) }]
  })
}

interface Item {
  readonly name: string
  readonly r: number | null
  readonly t: number | null
}

/** draft-ietf-httpapi-ratelimit-headers-07 and before: a dictionary. */
function earlyForm(text: string): Item | null {
  const found = /(?:^|,)\s*remaining\s*=\s*(-?\d+)/i.exec(text)
  if (!found) return null
  return { name: '', r: Number(found[1]), t: numberOf(/(?:^|,)\s*reset\s*=\s*(\d+)/i.exec(text)?.[1] ?? null) }
}

const string = '"(?:[^"\\\\]|\\\\.)*"'
const parameter = `\\s*;\\s*([a-z*][\\w.*-]*)(?:=(${string}|:[^:]*:|[^;,\\s"]+))?`
const item = new RegExp(
  `(?:^|,)\\s*(${string}|[A-Za-z*][\\w.:*/-]*)((?:${parameter.replaceAll(/\((?!\?)/g, '(?:')})*)`,
  'g',
)

/** From draft 08 on: a list of names with parameters, RFC 9651. What is no such list says nothing. */
function parseItems(text: string): Item[] {
  return [...text.matchAll(item)].map(([, name = '', rest = '']) => {
    const parameters = new Map(
      [...rest.matchAll(new RegExp(parameter, 'g'))].map(([, key, value = '']) => [key, value]),
    )
    return {
      name: name.startsWith('"') ? name.slice(1, -1).replaceAll(/\\(.)/g, '$1') : name,
      r: numberOf(parameters.get('r') ?? null),
      t: numberOf(parameters.get('t') ?? null),
    }
  })
}

function waitOf(
  text: string,
  { form, zone }: { form: NonNullable<CountedHeaders['resetIs']>; zone: string | undefined },
  { headers, at }: ApiResponse,
): number | null {
  if (form === 'duration') return durationOf(text)
  const number = numberOf(text)
  if (form === 'seconds') return number === null ? null : number * 1000
  // Clocks differ, so an instant is compared with the answer's own.
  const now = parseInstant(headers.date ?? '') ?? at
  const until = number === null ? parseInstant(text, zone) : nearInstant(number, now)
  return until === null ? null : until - now
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function durationOf(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) return null
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * unitsMs[unit!]!,
    0,
  )
}

const numberOf = (text: string | null): number | null =>
  text !== null && /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : null

/** A header that is not JSON says nothing, and must not turn a good answer into a bad one. */
function jsonOf(text: string | null): Json {
  try {
    return text === null ? null : parseJson(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Every number under that name, however deep, as deep as such headers are. */
function numbersIn(json: Json | undefined, field: string, depth = 5): number[] {
  if (json === null || typeof json !== 'object' || depth === 0) return []
  const deeper = Object.values(json).flatMap((value) => numbersIn(value, field, depth - 1))
  const own = Array.isArray(json) ? undefined : json[field]
  return typeof own === 'number' && Number.isFinite(own) ? [own, ...deeper] : deeper
}
