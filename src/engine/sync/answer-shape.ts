import type { ApiRequest, ApiResponse, Http, Json } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { AnswerShape } from '../../ports/stream-notes.ts'
import { httpOf } from '../http/http.ts'

/** An answer is looked into so far and no further. */
const deepest = 8
const mostKeys = 60
const sampledRows = 5
const mostFields = 500

/** Which fields the answers of one run had, by call and path: `GET /videos items[].statistics.viewCount`. */
export class SeenFields {
  readonly calls = new Set<string>()
  readonly fields = new Set<string>()

  see({ method = 'GET', path }: ApiRequest, body: Json): void {
    const call = `${method} ${patternOf(path)}`
    this.calls.add(call)
    this.#walk(`${call} `, body, 0)
  }

  #walk(at: string, value: Json, depth: number): void {
    if (value === null || typeof value !== 'object' || depth >= deepest || this.fields.size >= mostFields) return
    if (Array.isArray(value)) {
      const rows = value.length > sampledRows ? [...value.slice(0, sampledRows), value.at(-1)!] : value
      for (const row of rows) this.#walk(`${at}[]`, row, depth + 1)
      return
    }
    const entries = Object.entries(value)
    // So many, or keys that are ids or days, are a table and no fields.
    const isTable = entries.length > mostKeys || (entries.length > 0 && entries.every(([key]) => isValue(key)))
    const dot = at.endsWith(' ') ? '' : '.'
    for (const [key, inner] of entries.slice(0, mostKeys)) {
      const path = `${at}${dot}${isTable ? '*' : key.slice(0, 60)}`
      if (this.fields.size < mostFields) this.fields.add(path)
      this.#walk(path, inner, depth + 1)
    }
  }
}

const isValue = (key: string) => /^\d/.test(key) || key.length > 40
/** Ids in a path are no part of what is called. */
const patternOf = (path: string) =>
  path
    .split('/')
    .map((part) => ((/\d/.test(part) && part.length > 3) || part.length > 24 ? '*' : part))
    .join('/')
    .slice(0, 120)

/** The same calls, with what they answer seen. */
export function observed(http: Http, seen: SeenFields): Http {
  const call = async (request: ApiRequest): Promise<ApiResponse> => {
    const answer = await http(request)
    seen.see(request, answer.body)
    return answer
  }
  return httpOf(call, {})
}

/** So many runs have to be known before a change is one. */
const leastRuns = 20
/** A field that was always there is gone when so many in a row came without it. */
const lostAfter = 3

export interface ShapeNews {
  readonly shape: AnswerShape
  readonly added: readonly string[]
  readonly lacking: readonly string[]
}

/**
 * What one more run says about the answers: which fields are new where the call is well known, and which are gone that were there each time. Each change is
 * told once; a field that comes back is new again.
 */
export function shapeAfter(before: AnswerShape, { calls, fields }: Pick<SeenFields, 'calls' | 'fields'>): ShapeNews {
  const known = new Map(Object.entries(before.fields))
  const [added, lacking]: [string[], string[]] = [[], []]
  const metOf = (field: string) => known.get(callOf(field))?.[0] ?? 0
  const next = new Map(known)
  for (const field of fields) {
    const [met, missed] = known.get(field) ?? [0, 0]
    const isNew = !known.has(field) && metOf(field) >= leastRuns
    const isBack = missed >= lostAfter && met + missed === metOf(field) && met >= leastRuns
    if (isNew || isBack) added.push(field)
    next.set(field, [met + 1, 0])
  }
  for (const [field, [met, missed]] of known) {
    const call = callOf(field)
    if (field === call || fields.has(field) || !calls.has(call)) continue
    next.set(field, [met, missed + 1])
    // Each time until these: what is there now and then is not missed.
    if (met >= leastRuns && met + missed === metOf(field) && missed + 1 === lostAfter) lacking.push(field)
  }
  for (const call of calls) next.set(call, [(known.get(call)?.[0] ?? 0) + 1, 0])
  return {
    shape: { ...before, runs: before.runs + 1, fields: Object.fromEntries([...next].slice(0, 2 * mostFields)) },
    added: withoutInner(added),
    lacking: withoutInner(lacking),
  }
}

/** `GET /videos items[].id` → `GET /videos `: itself for a call. */
const callOf = (field: string): string => field.split(' ').slice(0, 2).join(' ')

/** A new object is one change, whatever is in it. */
const withoutInner = (fields: readonly string[]): string[] =>
  fields.filter((field) => !fields.some((outer) => field.startsWith(`${outer}.`) || field.startsWith(`${outer}[`)))

/** Which streams of which apps were looked at when: one run in a while says what there is to know. */
export class ShapeTurns {
  readonly #lookedAt = new Map<string, Instant>()

  isDue(key: string, now: Instant): boolean {
    const last = this.#lookedAt.get(key)
    if (last !== undefined && now >= last && now - last < everyMs) return false
    if (this.#lookedAt.size >= mostKept) this.#lookedAt.clear()
    this.#lookedAt.set(key, now)
    return true
  }
}

const everyMs = 10 * 60_000
const mostKept = 2_000
