import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { longestAddress } from '../engine/identity/account-address.ts'
import type { Connection } from '../ports/connections.ts'
import { type IdentityLink, identityRules } from '../ports/identity-links.ts'
import { cutPage, idText, instant, iso, pageOf, paging, route } from './route.ts'

const states = ['found', 'suggested', 'accepted', 'refused', 'manual'] as const

const linkJson = z.strictObject({
  /** Null when it is an address that is not connected, or its connection is gone. */
  account: z
    .strictObject({
      connection: z.string(),
      /** Whose connection it is: another profile's while its numbers are not this one's. */
      profile: z.string(),
      provider: z.string(),
      id: z.string(),
      name: z.string(),
      url: z.string().nullable(),
    })
    .nullable(),
  connection: z.string().nullable(),
  address: z.string().nullable(),
  name: z.string().nullable(),
  /** `found` and `suggested` by rules; `accepted`, `refused` and `manual` by a person, which no rule changes. */
  state: z.enum(states),
  confidence: z.number(),
  /** Every rule that fired, the strongest first. */
  evidence: z.array(
    z.strictObject({
      rule: z.enum(identityRules),
      confidence: z.number(),
      /** Through which of the profile's connections. */
      via: z.string().nullable(),
      says: z.string(),
      since: instant,
    }),
  ),
  foundAt: instant,
  seenAt: instant,
  decidedAt: instant.nullable(),
  decidedBy: z.string().nullable(),
})

const params = z.strictObject({ id: idText })

/** Which accounts, connected or not, are a profile's artist's: what rules found, and what people said. */
export function identityRoutes({ deps, identity }: Engine) {
  return [
    route({
      method: 'GET',
      path: '/v1/profiles/{id}/identity',
      name: 'identity.list',
      summary: 'Accounts and addresses of a profile’s artist, with the evidence for each, and suggestions',
      scope: 'connections:read',
      params,
      query: z.strictObject({
        ...paging,
        // It ends in an address.
        cursor: z
          .string()
          .max(longestAddress + 100)
          .optional(),
        state: z.enum(states).optional(),
      }),
      answer: pageOf(linkJson),
      handle: async ({ params, query, caller }) => {
        const environmentId = caller.environment.id
        const rows = await identity.list(environmentId, params.id, {
          after: query.cursor,
          ...(query.state && { states: [query.state] }),
          limit: query.limit + 1,
        })
        const { data, nextCursor } = cutPage(rows, query.limit, ({ target }) => target)
        return { nextCursor, data: await toJson(environmentId, data) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/profiles/{id}/identity/check',
      name: 'identity.check',
      summary: 'Ask the rules again now, instead of once a day',
      scope: 'connections:write',
      params,
      answer: z.strictObject({ checkedAt: instant }),
      handle: async ({ params, caller }) => {
        await identity.check(caller.environment.id, params.id)
        const checkedAt = await deps.identityLinks.checkedAt(caller.environment.id, params.id)
        return { checkedAt: iso(checkedAt ?? deps.clock.now()) }
      },
    }),
    route({
      method: 'PUT',
      path: '/v1/profiles/{id}/identity',
      name: 'identity.decide',
      summary: 'Say that an account or address is the artist’s, or is not, or take back what was said',
      scope: 'connections:write',
      params,
      body: z.strictObject({
        /** The id of a connection, or a web address. */
        account: z.union(
          [idText, z.url({ protocol: /^https?$/ }).max(longestAddress)],
          'It takes the id of a connection, or an address that begins with https:// or http://.',
        ),
        decision: z.enum(['accepted', 'refused', 'undecided']),
      }),
      answer: z.strictObject({
        /** Null when nothing is left of a link that nobody speaks for. */
        link: linkJson.nullable(),
      }),
      handle: async ({ params, body, caller }) => {
        const environmentId = caller.environment.id
        const about = body.account.includes('/') ? { address: body.account } : { connection: body.account }
        const link = await identity.decide(environmentId, params.id, about, body.decision, caller.actor)
        return { link: link && (await toJson(environmentId, [link]))[0]! }
      },
    }),
  ]

  async function toJson(environmentId: string, links: readonly IdentityLink[]) {
    const ids = links.flatMap(({ target }) => partOf(target, 'connection:') ?? [])
    const found = ids.length === 0 ? [] : await deps.connections.list(environmentId, { ids, limit: ids.length })
    const connections = new Map(found.map((connection) => [connection.id, connection]))
    return links.map((link) => linkToJson(link, connections))
  }
}

function linkToJson(link: IdentityLink, connections: ReadonlyMap<string, Connection>): z.input<typeof linkJson> {
  const connection = partOf(link.target, 'connection:')
  const found = connection === null ? undefined : connections.get(connection)
  return {
    account: found
      ? {
          ...{ connection: found.id, profile: found.profileId, provider: found.provider },
          ...{ id: found.account.id, name: found.account.name, url: found.account.url ?? null },
        }
      : null,
    connection,
    address: partOf(link.target, 'address:'),
    name: link.name,
    state: link.state,
    confidence: link.confidence,
    evidence: link.evidence.map((one) => ({ ...one, since: iso(one.since) })),
    foundAt: iso(link.foundAt),
    seenAt: iso(link.seenAt),
    decidedAt: iso(link.decidedAt),
    decidedBy: link.decidedBy,
  }
}

const partOf = (target: string, kind: 'connection:' | 'address:') =>
  target.startsWith(kind) ? target.slice(kind.length) : null
