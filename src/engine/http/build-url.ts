import { type ApiRequest, Fault, type Provider } from '@patchbay/kit'

/**
 * The address of a call: the provider's own base address and a path below it, whatever the path tries to be (T20). Throws `input.invalid` for one that
 * would leave the host or the base path.
 */
export function buildUrl(provider: Provider, request: Pick<ApiRequest, 'path' | 'host' | 'query'>): URL {
  const base = baseOf(provider, request.host)
  const path = request.path.startsWith('/') ? request.path : `/${request.path}`
  if (forbidden.test(path) || hasDotSegment(path)) throw outside(request.path)
  const [plain = '', ownQuery] = splitOnce(path, '?')
  // An empty path is the base address itself, with or without the slash it was declared with.
  const url = URL.parse(plain === '/' ? base.href : base.href.replace(/\/$/, '') + plain)
  if (
    !url ||
    url.origin !== base.origin ||
    !url.pathname.startsWith(base.pathname.replace(/\/$/, '')) ||
    url.username !== '' ||
    url.hash !== ''
  )
    throw outside(request.path)
  if (ownQuery !== undefined) url.search = ownQuery
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, Array.isArray(value) ? value.join(',') : String(value))
  }
  return url
}

/** Every origin that a credential of this provider may be sent to. */
export function baseOf(provider: Provider, host: string | undefined): URL {
  const address = host === undefined ? provider.api.baseUrl : provider.api.hosts?.[host]
  if (address === undefined)
    throw new Fault('input.invalid', `${provider.name} has no host "${host}".`, { field: 'host' })
  return new URL(address)
}

/** Backslashes, controls, white space, a second slash at the start, anything that begins a new address. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const forbidden = /[\\\u0000-\u0020\u007f#]|^\/\/|^\/+@|^[^?]*:\/\//

function hasDotSegment(path: string): boolean {
  const [plain = ''] = path.split('?')
  return plain.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment) || /%2f|%5c/i.test(segment))
}

function outside(path: string): Fault {
  return new Fault('input.invalid', 'A path stays below the provider’s own address.', {
    field: 'path',
    path: path.slice(0, 200),
  })
}

function splitOnce(text: string, at: string): [string, string | undefined] {
  const index = text.indexOf(at)
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)]
}
