import { Fault } from '@patchbay/kit'

/** Deeper than anything that is asked for here. What parses at any depth does not necessarily print again (T42). */
const deepest = 32

/** A request's JSON. Throws `input.invalid` for what is no JSON, is nested too deeply, names `__proto__` (T47), or holds what cannot be stored. An empty text is no body. */
export function readJson(text: string): unknown {
  if (text.trim() === '') return undefined
  if (depthOf(text) > deepest) throw refused(`it is nested more than ${deepest} deep`)
  try {
    return JSON.parse(text, checkMember)
  } catch (error) {
    if (error instanceof SyntaxError) throw refused('it is not JSON')
    throw error
  }
}

function depthOf(text: string): number {
  let depth = 0
  let most = 0
  let inText = false
  for (let index = 0; index < text.length && most <= deepest; index++) {
    const code = text.charCodeAt(index)
    if (inText) {
      if (code === backslash) index++
      else if (code === quote) inText = false
    } else if (code === quote) inText = true
    else if (code === openBrace || code === openBracket) most = Math.max(most, ++depth)
    else if (code === closeBrace || code === closeBracket) depth--
  }
  return most
}

function checkMember(key: string, value: unknown): unknown {
  if (key === '__proto__') throw refused('it has a key __proto__')
  // What no double holds becomes Infinity, which nobody meant.
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
    throw refused('it has a number too large')
  if (!isStorable(key) || (typeof value === 'string' && !isStorable(value)))
    throw refused('it has a text with a null byte or half a character')
  return value
}

/** Whether a database column takes it: no null byte, and every surrogate in a pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

const refused = (why: string) => new Fault('input.invalid', `The body is not taken: ${why}.`, { field: 'body' })

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [34, 92, 123, 125, 91, 93]
