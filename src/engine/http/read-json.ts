import { type Json, parseJson } from '@patchbay/kit'

/** Why an answer is not the JSON it should be. `cut_off`: it may have been, and nothing says where it ends. */
export type Unreadable = 'empty' | 'html' | 'not_json' | 'cut_off' | 'too_deep'

export type ReadBody = { readonly body: Json } | { readonly unreadable: Unreadable; readonly text: string }

/**
 * The JSON of an answer's bytes, in whatever charset it says, without a byte order mark. Two things are mended because databases refuse them:
 * NUL characters are taken out of texts, and half characters are replaced.
 */
export function readJson(bytes: Uint8Array, headers: Readonly<Record<string, string>>): ReadBody {
  if (bytes.length === 0) return { unreadable: 'empty', text: '' }
  const type = headers['content-type']?.toLowerCase() ?? ''
  const text = decode(bytes, type)
  if (text === null) return { unreadable: 'not_json', text: '' }
  if (/^\s*$/.test(text)) return { unreadable: 'empty', text }
  if (isHtml(text, type)) return { unreadable: 'html', text }
  if (isTooDeep(text)) return { unreadable: 'too_deep', text }
  try {
    const body = parseJson(text)
    return { body: unclean.test(text) ? cleaned(body) : body }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const endsSomewhere = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
    return { unreadable: endsSomewhere ? 'not_json' : 'cut_off', text }
  }
}

function decode(bytes: Uint8Array, type: string): string | null {
  const charset = /charset="?([\w-]+)/.exec(type)?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes)
  } catch (error) {
    // RangeError: nobody knows that charset. TypeError: the bytes are not in it.
    if (error instanceof RangeError || error instanceof TypeError) return null
    throw error
  }
}

const isHtml = (text: string, type: string) =>
  (/^\s*<(!doctype|html|head|body|\?xml)/i.test(text) || type.includes('html')) && !/^\s*[[{"]/.test(text)

/** Deep enough for any answer, and far from where JavaScript can still write out what it could read. */
const deepest = 500

function isTooDeep(text: string): boolean {
  if (text.length < deepest * 2) return false
  let depth = 0
  let inText = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (inText) {
      if (code === 0x5c) index++
      else if (code === 0x22) inText = false
    } else if (code === 0x22) inText = true
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > deepest) return true
    } else if (code === 0x5d || code === 0x7d) depth--
  }
  return false
}

/** An escaped NUL or surrogate: proper pairs are found too, and stay as they are. */
const unclean = /\\u(0000|[dD][89a-fA-F])/

function cleaned(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll('\0', '').toWellFormed()
  if (Array.isArray(value)) return value.map(cleaned)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [cleaned(name) as string, cleaned(each)]))
}
