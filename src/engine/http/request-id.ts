/** The provider's own name for a request, under whatever header it gives it: what its support asks for. */
export function requestIdOf(headers: Readonly<Record<string, string>>): string | undefined {
  for (const name of names) {
    const value = headers[name]
    if (value && /^[\x21-\x7e]{1,200}$/.test(value)) return value
  }
  return undefined
}

const names = [
  'x-request-id',
  'request-id',
  'x-correlation-id',
  'x-trace-id',
  'trace-id',
  'x-amzn-requestid',
  'x-fb-trace-id',
  'x-li-uuid',
  'x-goog-request-id',
  'cf-ray',
]
