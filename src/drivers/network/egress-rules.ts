import { isIP } from 'node:net'
import { NetworkFailure } from '../../ports/network.ts'
import { isPublicAddress } from './public-address.ts'

/** Which addresses may be asked at all. What a name resolves to is looked at again when it is connected to. */
export interface EgressRules {
  /**
   * `public`: the connected address must be a public one. `allowed`: the operator listed this host and port, whatever it is.
   * Throws a NetworkFailure `blocked`.
   */
  check(url: URL): 'public' | 'allowed'
}

/**
 * `allow` has `host:port` pairs, such as the sandbox's. Everything else must be https, on one of `ports`, and no private address. `loopback` allows every
 * port of the machine itself.
 */
export function openEgressRules(
  allow: readonly string[],
  { ports = [443, 80], loopback = false }: { ports?: readonly number[]; loopback?: boolean } = {},
): EgressRules {
  const allowed = new Set(allow.map(parseHostAndPort))
  return {
    check(url) {
      const refuse = (why: string) => new NetworkFailure('blocked', false, `${url.host} is not asked: ${why}`)
      if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('neither https nor http')
      if (url.username !== '' || url.password !== '') throw refuse('there is a user name in the address')
      const port = url.port || (url.protocol === 'https:' ? '443' : '80')
      if (allowed.has(`${url.hostname}:${port}`)) return 'allowed'
      if (loopback && ownNames.has(url.hostname)) return 'allowed'
      if (url.protocol !== 'https:') throw refuse('not https')
      if (!ports.includes(Number(port))) throw refuse(`port ${port} is not listed`)
      const literal = url.hostname.replace(/^\[|\]$/g, '')
      if (isIP(literal) !== 0 && !isPublicAddress(literal)) throw refuse('not a public address')
      return 'public'
    },
  }
}

/** As the parser of addresses writes them. */
const ownNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** The form in which addresses are compared: as the parser of addresses writes it. */
function parseHostAndPort(text: string): string {
  const url = URL.canParse(`http://${text}`) ? new URL(`http://${text}`) : null
  const port = /:(\d+)$/.exec(text)?.[1]
  if (!url || port === undefined || url.pathname !== '/' || url.search !== '' || url.username !== '')
    throw new TypeError(`an allowed address looks like "127.0.0.1:4401" or "api.internal:8443", not like "${text}"`)
  return `${url.hostname}:${Number(port)}`
}
