import { second } from '@patchbay/kit'
import { findEnvironment } from '../connect/find-place.ts'
import type { Deps } from '../deps.ts'
import { Refused } from './answer-counts.ts'

/** Which environment an address belongs to, which never changes. What is not there is looked up each time, and only so often. */
export interface HookAddresses {
  /** Without asking anybody; null where that would be needed. */
  known(integrationId: string): string | null
  /** Throws `input.throttled` where too many ask for what is not there. */
  environmentOf(integrationId: string): Promise<string | null>
  modeOf(environmentId: string): Promise<'test' | 'live'>
}

export function openHookAddresses(deps: Pick<Deps, 'clock' | 'directory'>): HookAddresses {
  const { clock, directory } = deps
  const known = new Map<string, string>()
  const modes = new Map<string, Promise<'test' | 'live'>>()
  let looked = { since: Number.NEGATIVE_INFINITY, count: 0 }

  return {
    known: (integrationId) => known.get(integrationId) ?? null,

    async environmentOf(integrationId) {
      const found = known.get(integrationId)
      if (found !== undefined) return found
      const now = clock.now()
      if (now - looked.since >= second || now < looked.since) looked = { since: now, count: 0 }
      if (++looked.count > mostLooked)
        throw new Refused({ because: 'too_many' }, 'input.throttled', undefined, { waitMs: 5 * second })
      const environmentId = await directory.environmentOfIntegration(integrationId)
      if (environmentId !== null) known.set(integrationId, environmentId)
      if (known.size > mostKnown) known.delete(known.keys().next().value!)
      return environmentId
    },

    async modeOf(environmentId) {
      // Once, for all who come at the same time.
      const known = modes.get(environmentId) ?? findEnvironment(deps, environmentId).then(({ mode }) => mode)
      modes.set(environmentId, known)
      known.catch(() => modes.delete(environmentId))
      return known
    },
  }
}

const mostKnown = 10_000
/** Lookups a second, of addresses that are not known. */
const mostLooked = 200
