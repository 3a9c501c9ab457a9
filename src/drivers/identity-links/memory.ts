import type { IdentityLink, IdentityLinks, LinkState } from '../../ports/identity-links.ts'
import type { AlongLog } from '../along/memory.ts'
import { storable } from '../records/storable.ts'

const isDecided = (state: LinkState) => state !== 'found' && state !== 'suggested'

/** Identity links in memory. */
export function openMemoryIdentityLinks(log: AlongLog): IdentityLinks {
  const profiles = new Map<string, Map<string, IdentityLink>>()
  const checks = new Map<string, number>()
  const keyOf = (environmentId: string, profileId: string) => JSON.stringify([environmentId, profileId])
  const of = (environmentId: string, profileId: string) => {
    const key = keyOf(environmentId, profileId)
    const links = profiles.get(key) ?? new Map<string, IdentityLink>()
    profiles.set(key, links)
    return links
  }

  return {
    async list(environmentId, profileId, { after, states, limit }) {
      return [...of(environmentId, profileId).values()]
        .filter(
          ({ target, state }) =>
            (after === undefined || target > after) && (states === undefined || states.includes(state)),
        )
        .sort((one, other) => (one.target < other.target ? -1 : 1))
        .slice(0, limit)
    },

    async read(environmentId, profileId, target) {
      return of(environmentId, profileId).get(target) ?? null
    },

    async checkedAt(environmentId, profileId) {
      return checks.get(keyOf(environmentId, profileId)) ?? null
    },

    async found(environmentId, profileId, found, at) {
      const key = keyOf(environmentId, profileId)
      if ((checks.get(key) ?? 0) > at) return
      checks.set(key, at)
      const links = of(environmentId, profileId)
      const targets = new Set(found.map(({ target }) => target))
      for (const [target, link] of links) {
        if (targets.has(target)) continue
        if (isDecided(link.state)) links.set(target, { ...link, confidence: 0, evidence: [] })
        else links.delete(target)
      }
      for (const link of storable(found)) {
        const before = links.get(link.target)
        links.set(link.target, {
          ...link,
          profileId,
          state: before && isDecided(before.state) ? before.state : link.state,
          foundAt: before?.foundAt ?? at,
          seenAt: at,
          decidedAt: before?.decidedAt ?? null,
          decidedBy: before?.decidedBy ?? null,
        })
      }
    },

    async decide(environmentId, profileId, decision, along) {
      const { target, name, state, by, at } = storable(decision)
      const links = of(environmentId, profileId)
      const before = links.get(target)
      const link: IdentityLink = {
        ...{ profileId, target, name: before?.name ?? name, state },
        ...{ confidence: before?.confidence ?? 0, evidence: before?.evidence ?? [] },
        ...{ foundAt: before?.foundAt ?? at, seenAt: before?.seenAt ?? at, decidedAt: at, decidedBy: by },
      }
      links.set(target, link)
      log.write(environmentId, along)
      return link
    },

    async undecide(environmentId, profileId, target, state, along) {
      const links = of(environmentId, profileId)
      const before = links.get(target)
      if (before && state === null) links.delete(target)
      else if (before && state !== null) links.set(target, { ...before, state, decidedAt: null, decidedBy: null })
      log.write(environmentId, along)
    },

    async erase(environmentId, connectionId) {
      let rows = 0
      for (const [key, links] of profiles) {
        if (JSON.parse(key)[0] !== environmentId) continue
        for (const [target, link] of links) {
          const evidence = link.evidence.filter(({ via }) => via !== connectionId)
          if (target === `connection:${connectionId}`) links.delete(target)
          else if (evidence.length === link.evidence.length) continue
          else if (evidence.length === 0 && !isDecided(link.state)) links.delete(target)
          else links.set(target, { ...link, evidence })
          rows++
        }
      }
      return rows
    },
  }
}
