import { type KeyObject, X509Certificate } from 'node:crypto'
import { dayMs, Fault, minute, second } from '@patchbay/kit'
import type { Instant } from '../../../ports/clock.ts'
import { type Network, NetworkFailure, readBody } from '../../../ports/network.ts'
import { Unreadable } from './read-parts.ts'

/** Keys of certificates that messages name by address. */
export interface Certificates {
  /**
   * Throws `Unreadable` when what is there is no certificate that is good now, and `platform.busy` when nobody knows, so that a genuine message is sent
   * again. The address has to be allowed already.
   */
  keyAt(address: string, now: Instant): Promise<KeyObject>
}

const [mostKept, keptMs, mostBytes] = [64, dayMs, 64_000]
/** After a failure an address is left alone for so long; and nobody who makes messages up has us ask more often than this. */
const [failedMs, mostFetches, fetchesMs] = [minute, 20, minute]

/**
 * Fetched once a day over https. What vouches for them is the platform's own host, whose certificate the network checks, and their own dates.
 * Who sends forgeries with ever new addresses has us ask twenty times a minute at most.
 */
export function openCertificates(network: Network): Certificates {
  const kept = new Map<string, { until: Instant; key: Promise<KeyObject> }>()
  const failed = new Map<string, { until: Instant; error: unknown }>()
  let asked = { since: 0, count: 0 }

  async function fetchKey(address: string, now: Instant): Promise<KeyObject> {
    const certificate = await fetchCertificate(network, address)
    if (now < certificate.validFromDate.getTime() || now > certificate.validToDate.getTime())
      throw new Unreadable('its certificate is not valid at this time')
    return certificate.publicKey
  }

  return {
    async keyAt(address, now) {
      const found = kept.get(address)
      if (found && now < found.until) return await found.key
      const before = failed.get(address)
      if (before && now < before.until) throw before.error
      if (now - asked.since >= fetchesMs) asked = { since: now, count: 0 }
      if (++asked.count > mostFetches) throw unknown('Too many certificates were asked for in a short time.')
      const key = fetchKey(address, now)
      put(kept, address, { until: now + keptMs, key })
      try {
        return await key
      } catch (error) {
        kept.delete(address)
        put(failed, address, { until: now + failedMs, error })
        throw error
      }
    },
  }
}

function put<Value>(map: Map<string, Value>, address: string, value: Value): void {
  map.delete(address)
  map.set(address, value)
  if (map.size > mostKept) map.delete(map.keys().next().value!)
}

const unknown = (says: string) => new Fault('platform.busy', `${says} Send the message again.`, { waitMs: failedMs })

async function fetchCertificate(network: Network, address: string): Promise<X509Certificate> {
  let body: Uint8Array
  try {
    const limits = { totalMs: 5 * second, maxBytes: mostBytes }
    const response = await network.send({ method: 'GET', url: address, headers: {}, limits })
    body = await readBody(response)
    if (response.status >= 500 || response.status === 429) throw unknown('Its certificate could not be fetched.')
    if (response.status !== 200) throw new Unreadable('there is no certificate at its address')
  } catch (error) {
    if (error instanceof NetworkFailure) throw unknown('Its certificate could not be fetched.')
    throw error
  }
  try {
    return new X509Certificate(body)
  } catch {
    throw new Unreadable('what its certificate’s address answers is no certificate')
  }
}

/** The address, when it is one of https without user, port, or fragment, and both patterns match as a whole. */
export function allowedAddress(text: string, { hosts, paths }: { hosts: RegExp; paths: RegExp }): string | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  const isPlain =
    url.protocol === 'https:' && url.username === '' && url.password === '' && url.port === '' && url.hash === ''
  const matches = (pattern: RegExp, value: string) => pattern.exec(value)?.[0] === value
  return isPlain && matches(hosts, url.hostname) && matches(paths, url.pathname) ? url.href : null
}
