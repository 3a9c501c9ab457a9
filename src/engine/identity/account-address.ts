import type { Account } from '@patchbay/kit'

/** Longer ones are no address of an artist. */
export const longestAddress = 1000

/**
 * An address as it is compared: no scheme, `www.` or `m.`, fragment or slash at the end, the host in small letters, and of the query only what says which
 * page it is (`profile.php?id=7`, `watch?v=…`). Null for what is no address of the web, or a longer one than `longestAddress`.
 */
export function comparedAddress(url: string): string | null {
  if (url.length > longestAddress || !/^https?:\/\//i.test(url) || !URL.canParse(url)) return null
  const { hostname, port, pathname, searchParams, username } = new URL(url)
  // Who hides another host behind a name wants to be taken for somebody.
  if (username !== '') return null
  const host = `${hostname.replace(/^(www|m)\./, '')}${port === '' ? '' : `:${port}`}`
  const page = new URLSearchParams([...searchParams].filter(([name]) => namesPage.has(name))).toString()
  const address = `${host}${pathname.replace(/\/+$/, '')}${page === '' ? '' : `?${page}`}`
  // Letters outside of ASCII become up to nine.
  return address.length > longestAddress ? null : address
}

const namesPage = new Set(['id', 'v'])

/** Whose account an address is. */
export class AddressBook {
  readonly #owners = new Map<string, string[]>()

  /** An account is found by the address that its platform gives, and by every address of that host that has its id or handle for a part. */
  add(owner: string, { url, id, handle }: Account): void {
    const own = url === undefined ? null : comparedAddress(url)
    if (own === null) return
    const host = own.split('/')[0]!
    const names = [id, ...(handle ? [handle, `@${handle.replace(/^@/, '')}`] : [])]
    // A short name may stand in an address for anything.
    const parts = names.filter(({ length }) => length >= 6).map((name) => partKey(host, name))
    for (const key of new Set([own, ...parts])) this.#owners.set(key, [...(this.#owners.get(key) ?? []), owner])
  }

  ownersOf(url: string): ReadonlySet<string> {
    const compared = comparedAddress(url)
    if (compared === null) return new Set()
    const [host, ...parts] = compared.split(/[/?]/)
    const keys = [compared, ...parts.map((part) => partKey(host!, decode(part)))]
    return new Set(keys.flatMap((key) => this.#owners.get(key) ?? []))
  }
}

const partKey = (host: string, name: string) => `${host} ${name}`

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    if (error instanceof URIError) return part
    throw error
  }
}
