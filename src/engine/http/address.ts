import { type ApiRequest, Fault, type Provider } from '@patchbay/kit'

/**
 * The address of a request: one of the provider's own base addresses, the path below it, the query. Paths come from callers and from ids that
 * providers gave, so whatever could lead to another host, or out of the base path, is refused; and what came out is compared with the base
 * address once more. Throws `input.invalid`.
 */
export function addressOf(provider: Provider, request: Pick<ApiRequest, 'host' | 'path' | 'query'>): URL {
  const base = baseOf(provider, request.host)
  checkPath(request.path)
  const address = base.origin + base.path + request.path
  const url = URL.parse(address)
  // Nearly always the parser leaves it exactly as it was put together.
  if (!url || (url.href !== address && !isInside(url, base))) throw refusal('it leads out of the provider’s address')
  for (const [name, value] of Object.entries(request.query ?? {}))
    if (value !== undefined) url.searchParams.append(name, queryText(name, value))
  return url
}

interface Base {
  readonly origin: string
  /** Without a slash at its end. */
  readonly path: string
}

const isInside = (url: URL, { origin, path }: Base) =>
  url.origin === origin &&
  url.username === '' &&
  url.password === '' &&
  url.search === '' &&
  url.hash === '' &&
  (url.pathname === path || url.pathname.startsWith(`${path}/`))

function baseOf(provider: Provider, host: string | undefined): Base {
  const { baseUrl, hosts } = provider.api
  const address = host === undefined ? baseUrl : hosts && Object.hasOwn(hosts, host) ? hosts[host] : undefined
  if (address === undefined)
    throw new Fault('input.invalid', 'the provider has no host of that name', { field: 'host' })
  let known = bases.get(address)
  if (!known) {
    const { origin, pathname } = new URL(address)
    known = { origin, path: pathname.replace(/\/+$/, '') }
    bases.set(address, known)
  }
  return known
}

/** Of manifests, so there are few. */
const bases = new Map<string, Base>()

function checkPath(path: string): void {
  if (path === '') return
  if (!path.startsWith('/')) throw refusal('it does not begin with /')
  if (path.length > longestPath) throw refusal(`it has more than ${longestPath} characters`)
  // Parsers of addresses drop some of these, turn some into others, or end the path at them.
  if (/[\p{Cc}\s\\?#]/u.test(path)) throw refusal('it has a space, a control character, \\, ? or #')
  const segments = path.slice(1).split('/')
  // The last one may be empty: a slash at the end.
  if (segments.slice(0, -1).includes('')) throw refusal('it has an empty segment')
  for (const segment of segments) checkSegment(segment)
}

/** Read as the server will: an encoded `..` or slash is one, too. */
function checkSegment(segment: string): void {
  const parts = segment.includes('%') ? decoded(segment).split('/') : [segment]
  if (parts.some((part) => part === '.' || part === '..')) throw refusal('it goes up')
}

function decoded(segment: string): string {
  let plain: string
  try {
    plain = decodeURIComponent(segment)
  } catch {
    throw refusal('it is not properly encoded')
  }
  if (/[\p{Cc}\\]/u.test(plain)) throw refusal('it has an encoded control character or \\')
  return plain
}

const longestPath = 4_000

const refusal = (why: string) => new Fault('input.invalid', `the path is not taken: ${why}`, { field: 'path' })

function queryText(name: string, value: NonNullable<NonNullable<ApiRequest['query']>[string]>): string {
  const text = Array.isArray(value) ? value.join(',') : String(value)
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Fault('input.invalid', `the query has no number for ${name}`, { field: name })
  return text
}
