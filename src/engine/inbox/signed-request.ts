import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Json, parseJson, type RawMessage, type SignedRequest } from '@patchbay/kit'

/**
 * What was signed with one of these secrets, or null. The algorithm is ours to say: what the claims say about it is not looked at. The right signature
 * has one spelling.
 */
export function openSignedRequest(
  { field }: SignedRequest,
  { body }: Pick<RawMessage, 'body'>,
  secrets: readonly string[],
): Json | null {
  const fields = new URLSearchParams(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
  const [said, another] = fields.getAll(field)
  if (said === undefined || another !== undefined) return null
  const [signature = '', claims = '', ...more] = said.split('.')
  if (more.length > 0 || claims === '') return null
  const right = secrets.filter((secret) => secret !== '').some((secret) => isSigned(claims, signature, secret))
  return right ? parsed(claims) : null
}

function isSigned(claims: string, signature: string, secret: string): boolean {
  const wanted = Buffer.from(createHmac('sha256', secret).update(claims).digest('base64url'))
  const given = Buffer.from(unpadded(signature))
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** Looked at from its end: anybody may send one as long as a body, through which a pattern would go once for each of its characters. */
function unpadded(text: string): string {
  let end = text.length
  while (text[end - 1] === '=') end--
  return text.slice(0, end)
}

function parsed(claims: string): Json | null {
  try {
    return parseJson(Buffer.from(claims, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}
