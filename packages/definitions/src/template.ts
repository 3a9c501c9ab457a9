import type { ApiRequest, Json } from '@patchbay/kit'
import type { RequestDefinition } from './definition.ts'

/** What the places of a template are filled with. Undefined: there is nothing, and what needs it is left out. */
export type Values = Readonly<Record<string, Json | undefined>>

type Part = string | { readonly name: string }

/** `/artists/{account.id}`. Throws a `SyntaxError` for a brace that is not closed. `{{` and `}}` are braces. */
function partsOf(text: string): Part[] {
  const parts: Part[] = []
  let plain = ''
  for (let at = 0; at < text.length; at++) {
    const two = text.slice(at, at + 2)
    if (two === '{{' || two === '}}') {
      plain += text[at]
      at++
    } else if (text[at] === '{') {
      const found = /^\{([A-Za-z][\w.]*)\}/.exec(text.slice(at))
      if (!found) throw new SyntaxError('a name in braces is not closed, or is none; write {{ for a brace')
      if (plain !== '') parts.push(plain)
      plain = ''
      parts.push({ name: found[1]! })
      at += found[0].length - 1
    } else plain += text[at]
  }
  return plain === '' ? parts : [...parts, plain]
}

/** The names that a text asks for. */
export const namesIn = (text: string): string[] =>
  partsOf(text).flatMap((part) => (typeof part === 'string' ? [] : [part.name]))

/** Undefined where one of its names has no value. */
function fill(text: string, values: Values, write: (value: Json) => string = plainText): string | undefined {
  let filled = ''
  for (const part of partsOf(text)) {
    const value = typeof part === 'string' ? part : values[part.name]
    if (value === undefined) return undefined
    filled += typeof part === 'string' ? part : write(value)
  }
  return filled
}

const plainText = (value: Json) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value))

/** In a path each value is one segment or a part of one, whatever is in it. */
const inPath = (value: Json) => encodeURIComponent(plainText(value))

/** A text that is nothing but one name becomes its value, of whatever type; what has no value is left out. */
function fillJson(json: Json, values: Values): Json | undefined {
  if (typeof json === 'string') {
    const [only, more] = partsOf(json)
    return only !== undefined && more === undefined && typeof only !== 'string' ? values[only.name] : fill(json, values)
  }
  if (Array.isArray(json)) return json.map((one) => fillJson(one, values)).filter((one) => one !== undefined)
  if (typeof json !== 'object' || json === null) return json
  return fillTexts(json, (one) => fillJson(one, values))
}

const fillTexts = <From, To>(all: Readonly<Record<string, From>>, filled: (value: From) => To | undefined) =>
  Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => {
      const to = filled(value)
      return to === undefined ? [] : [[key, to] as const]
    }),
  ) as Record<string, To>

/** Throws a `RangeError` where the path lacks something. */
export function fillRequest(request: RequestDefinition, values: Values): ApiRequest {
  const path = fill(request.path, values, inPath)
  if (path === undefined) throw new RangeError(`the path ${request.path} lacks a value`)
  const { method, host, query, headers, body, form, idempotent, as } = request
  return {
    path,
    ...(method && { method }),
    ...(host !== undefined && { host }),
    ...(query && { query: fillTexts(query, (one) => (typeof one === 'string' ? fill(one, values) : one)) }),
    ...(headers && { headers: fillTexts(headers, (one) => fill(one, values)) }),
    ...(body !== undefined && { body: fillJson(body, values) ?? null }),
    ...(form && { form: fillTexts(form, (one) => fill(one, values)) }),
    ...(idempotent !== undefined && { idempotent }),
    ...(as && { as }),
  }
}

/** Fills an example as the sandbox answers it. */
export const fillExample = (example: Json, values: Values): Json => fillJson(example, values) ?? null

/** Every text of a request that may name something, with where it is. */
export function textsOf(request: RequestDefinition): { at: string[]; text: string }[] {
  const found: { at: string[]; text: string }[] = [{ at: ['path'], text: request.path }]
  const walk = (value: unknown, at: string[]) => {
    if (typeof value === 'string') found.push({ at, text: value })
    else if (typeof value === 'object' && value !== null)
      for (const [key, part] of Object.entries(value)) walk(part, [...at, key])
  }
  for (const part of ['query', 'headers', 'body', 'form'] as const) walk(request[part], [part])
  return found
}

/** The path as a route of the sandbox: each name is one segment or a part of one. */
export function routePath(path: string): string {
  let count = 0
  return partsOf(path)
    .map((part) => (typeof part === 'string' ? part : `{p${count++}}`))
    .join('')
}
