import { crc32 } from 'node:zlib'
import { at, type Part, parseJson, type RawMessage } from '@patchbay/kit'
import type { Refusal } from '../answer-counts.ts'

export type Secrets = Readonly<Record<string, readonly string[]>>

/** What a message does not say as it should. The words are for the operator's log and hold nothing of the message. */
export class Unreadable extends Error {
  readonly because: Refusal

  constructor(says: string, because: Refusal = 'malformed') {
    super(says)
    this.because = because
  }
}

const mostValues = 16

/** Every way that these pieces may be put together: one, unless a setting has an earlier value too. */
export function joinParts(parts: readonly Part[], message: RawMessage, secrets: Secrets): Buffer[] {
  // Most sign the body and nothing else, which need not be copied for that.
  const [only] = parts
  if (parts.length === 1 && typeof only === 'object' && 'whole' in only) return [bytesOf(only.whole, message)]
  let joined: Buffer[][] = [[]]
  for (const part of parts) {
    const values = valuesOf(part, message, secrets)
    joined = joined.flatMap((pieces) => values.map((value) => [...pieces, value]))
    if (joined.length > mostValues) throw new Unreadable(`there are more than ${mostValues} ways to read it`)
  }
  return joined.map((pieces) => Buffer.concat(pieces))
}

/** The one text that stands there. */
export function textAt(part: Part, message: RawMessage): string {
  const [found, ...more] = textsAt(part, message)
  if (found === undefined) throw new Unreadable(`it has no ${nameOf(part)}`, 'unsigned')
  if (more.length > 0) throw new Unreadable(`it has ${nameOf(part)} more than once`)
  return found
}

/** All that stands there: several in a list or a form, none when it is not there. */
export function textsAt(part: Part, message: RawMessage): string[] {
  if (typeof part === 'string') return [part]
  if ('setting' in part) throw new Unreadable(`${nameOf(part)} is no part of a message`)
  if ('header' in part) {
    const value = Object.hasOwn(message.headers, part.header) ? message.headers[part.header] : undefined
    if (value === undefined || value === '') return []
    if (!part.list) return [value]
    const { separator, begins } = part.list
    return value.split(separator).flatMap((item) => {
      // Spaces are where two headers of the same name were joined.
      if (item.trim() !== item) throw new Unreadable(`its ${part.header} came more than once`)
      return item.startsWith(begins) ? [item.slice(begins.length)] : []
    })
  }
  if ('query' in part) {
    const value = Object.hasOwn(message.query, part.query) ? message.query[part.query] : undefined
    return value === undefined ? [] : [value]
  }
  if ('form' in part) return new URLSearchParams(textOf(message.body)).getAll(part.form)
  if ('json' in part) {
    const value = at(jsonOf(message.body), ...part.json)
    return typeof value === 'string' || typeof value === 'number' ? [String(value)] : []
  }
  return [bytesOf(part.whole, message).toString()]
}

function valuesOf(part: Part, message: RawMessage, secrets: Secrets): Buffer[] {
  if (typeof part === 'object' && 'setting' in part) {
    const values = valuesOfSecret(part.setting, secrets)
    if (values.length === 0) throw notSet(part.setting)
    return values.map((value) => Buffer.from(value))
  }
  if (typeof part === 'object' && 'whole' in part) return [bytesOf(part.whole, message)]
  return [Buffer.from(textAt(part, message))]
}

/** Nothing of the message's is wrong: without that word nobody can say whose it is. */
export const notSet = (name: string) => new Unreadable(`no ${name} is set for the integration`, 'not_set_up')

/** Those that hold anything: an empty secret is known to everybody. */
export function valuesOfSecret(name: string, secrets: Secrets): string[] {
  return Object.hasOwn(secrets, name) ? secrets[name]!.filter((value) => value !== '') : []
}

function bytesOf(whole: 'body' | 'method' | 'url' | 'crc32', { method, url, body }: RawMessage): Buffer {
  if (whole === 'body') return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return Buffer.from(whole === 'crc32' ? String(crc32(body)) : whole === 'url' ? url : method)
}

function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new Unreadable('its body is no text')
  }
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return parseJson(textOf(body))
  } catch (error) {
    if (error instanceof Unreadable) throw error
    throw new Unreadable('its body is no JSON')
  }
}

function nameOf(part: Part): string {
  if (typeof part === 'string') return part
  if ('header' in part) return `header ${part.header}`
  if ('query' in part) return `${part.query} in its query`
  if ('form' in part) return `field ${part.form}`
  if ('json' in part) return `${part.json.join('.')} in its body`
  return 'setting' in part ? part.setting : part.whole
}
