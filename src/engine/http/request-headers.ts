import { Fault, type Provider } from '@patchbay/kit'

/**
 * Headers that a call may bring along: those that only say something about the request itself, and those that the provider's manifest sets for
 * every call. Never who asks, where the request goes, or how it is framed.
 */
function isAllowedHeader(provider: Provider, name: string): boolean {
  const wanted = name.toLowerCase()
  if (allowed.has(wanted)) return true
  for (const known in provider.api.headers) if (known.toLowerCase() === wanted) return true
  return false
}

/** Of a caller's headers those that go out, in lower case. */
export function acceptedHeaders(
  provider: Provider,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const accepted: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === 'string' && isAllowedHeader(provider, name)) accepted[name.toLowerCase()] = value
  }
  return accepted
}

/** Throws `input.invalid` for a header that is not allowed, and for a value that would end the header. */
export function checkHeaders(provider: Provider, headers: Readonly<Record<string, string>> = {}): void {
  for (const [name, value] of Object.entries(headers)) {
    const problem = !isAllowedHeader(provider, name)
      ? 'is not a header that a call may set'
      : !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)
        ? 'has a value that is not a header’s'
        : name.toLowerCase() === 'content-type' && !jsonType.test(value)
          ? 'must be a kind of JSON'
          : null
    if (problem) throw new Fault('input.invalid', `${name.slice(0, 60)} ${problem}`, { field: 'headers' })
  }
}

const allowed = new Set([
  'accept',
  'accept-language',
  'content-language',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'prefer',
  'range',
  'x-correlation-id',
  'x-idempotency-key',
  'x-request-id',
])

const jsonType = /^application\/([\w.-]+\+)?json(;[\w\s=.-]*)?$/
