import { lookup as systemLookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { NetworkFailure } from '../../ports/network.ts'
import { isPublicAddress } from './public-address.ts'

export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>

/** The system's resolver, which also knows /etc/hosts. */
export const systemResolve: Resolve = (hostname) => systemLookup(hostname, { all: true })

/**
 * Resolves a name for a connection and refuses it unless every answer is a public address. The connection is then made to an address from this
 * list and no second lookup happens in between, so a name that changes its mind after the check gains nothing; one private address among
 * public ones is reason enough to refuse, as it is how such a change is prepared.
 *
 * Answers are kept for 10 s and those who ask for the same name at the same time share one question: the resolver of the system has four
 * threads, and a host that does not answer would occupy them all. That there is no such name is not kept.
 */
export function checkedLookup(resolve: Resolve, now: () => number = Date.now): LookupFunction {
  const known = new Map<string, { readonly answer: Promise<readonly ResolvedAddress[]>; readonly until: number }>()

  const addressesOf = (hostname: string): Promise<readonly ResolvedAddress[]> => {
    const kept = known.get(hostname)
    const leftMs = kept ? kept.until - now() : 0
    // More than it is kept for is left only when the clock was set back.
    if (kept && leftMs > 0 && leftMs <= keptMs) return kept.answer
    const answer = resolvePublic(resolve, hostname)
    known.delete(hostname)
    known.set(hostname, { answer, until: now() + keptMs })
    if (known.size > mostNames) known.delete(known.keys().next().value!)
    answer.catch(() => {
      if (known.get(hostname)?.answer === answer) known.delete(hostname)
    })
    return answer
  }

  return (hostname, options, callback) => {
    addressesOf(hostname).then(
      (addresses) => {
        const wanted = addresses.filter(({ family }) => !options.family || options.family === family)
        const [first] = wanted
        if (!first) callback(noAddress(hostname), '', 0)
        else if (options.all) callback(null, [...wanted])
        else callback(null, first.address, first.family)
      },
      (error) => callback(error, '', 0),
    )
  }
}

const keptMs = 10_000
const mostNames = 1_000

async function resolvePublic(resolve: Resolve, hostname: string): Promise<readonly ResolvedAddress[]> {
  const addresses = await resolve(hostname)
  if (addresses.length === 0) throw noAddress(hostname)
  const refused = addresses.find(({ address }) => !isPublicAddress(address))
  if (refused) throw new NetworkFailure('blocked', false, `${hostname} is not asked: its address is not a public one`)
  return addresses
}

const noAddress = (hostname: string) => new NetworkFailure('dns', false, `${hostname} has no address`)
