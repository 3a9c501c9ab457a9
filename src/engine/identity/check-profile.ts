import { codesOf, parseMbid } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { FoundLink, LinkEvidence } from '../../ports/identity-links.ts'
import type { SharedIsrcs } from '../../ports/records.ts'
import type { Deps } from '../deps.ts'
import { AddressBook, comparedAddress } from './account-address.ts'
import {
  comparedName,
  type Fired,
  judge,
  type KnownAccount,
  ruleOfLink,
  rulesBetween,
  type Shared,
} from './artist-rules.ts'
import { mostConnections, mostDecided } from './profile-connections.ts'

export type CheckDeps = Pick<Deps, 'clock' | 'connections' | 'identityLinks' | 'records'>

/** Of an environment with more connections than this, these are compared by name and address; by recordings all are. */
const mostCompared = 2_000
const pageSize = 500
const mostIsrcs = 5_000
const mostSharing = 50
const mostTitles = 200
/** Namesakes whose titles are read. */
const mostNamesakes = 20
const mostLinks = 200
const mostEvidence = 50

/**
 * Asks every rule which accounts are a profile's artist's, and keeps what they say: of its own accounts, of other profiles', and of addresses that nobody
 * connected. Nothing is done with an account of another profile because of it: that takes a person's word.
 */
export async function checkProfile(deps: CheckDeps, environmentId: string, profileId: string): Promise<void> {
  const at = deps.clock.now()
  const before = await deps.identityLinks.list(environmentId, profileId, {
    limit: mostLinks + mostConnections + mostDecided,
  })
  const refused = new Set(before.filter(({ state }) => state === 'refused').map(({ target }) => target))
  const listed = await deps.connections.list(environmentId, { profile: profileId, limit: mostConnections })
  // Who was refused says nothing about the artist any more.
  const own = listed.filter(({ id }) => !refused.has(`connection:${id}`))
  const sharing = await readSharing(deps, environmentId, own)
  const others = await readOthers(deps, environmentId, listed, sharing)
  const known = await readKnown(deps, environmentId, own, [...listed, ...others])

  const found = new Map<string, { name: string | null; evidence: LinkEvidence[] }>()
  const since = new Map(
    before.flatMap(({ target, evidence }) => evidence.map((one) => [keyOf(target, one), one.since] as const)),
  )
  const note = (target: string, name: string | null, via: string | null, fired: readonly Fired[]) => {
    if (fired.length === 0) return
    const link = found.get(target) ?? { name, evidence: [] }
    found.set(target, link)
    for (const one of fired)
      link.evidence.push({ ...one, via, since: since.get(keyOf(target, { rule: one.rule, via })) ?? at })
  }

  for (const { id, account, createdAt } of listed)
    note(`connection:${id}`, account.name, null, [
      {
        rule: 'connected',
        confidence: 1,
        says: `Connected for this profile on ${new Date(createdAt).toISOString().slice(0, 10)}.`,
      },
    ])
  for (const mine of own) {
    for (const other of [...listed, ...others])
      if (other.id !== mine.id)
        note(
          `connection:${other.id}`,
          other.account.name,
          mine.id,
          rulesBetween(known.get(mine.id)!, known.get(other.id)!, sharedOf(sharing.get(mine.id), other.id)),
        )
    for (const link of known.get(mine.id)!.links) {
      const address = comparedAddress(link.url)
      if (address !== null && link.to.size === 0) note(`address:https://${address}`, null, mine.id, [ruleOfLink(link)])
    }
  }
  await deps.identityLinks.found(environmentId, profileId, strongest(found, refused), at)
}

const keyOf = (target: string, { rule, via }: Pick<LinkEvidence, 'rule' | 'via'>) => JSON.stringify([target, rule, via])

/** Where there is too much, the weakest is left out; what a person refused leaves room for others. */
function strongest(
  found: ReadonlyMap<string, { name: string | null; evidence: readonly LinkEvidence[] }>,
  refused: ReadonlySet<string>,
): FoundLink[] {
  return [...found]
    .map(([target, { name, evidence }]) => {
      const strong = [...uniqueRules(evidence)].sort((one, other) => other.confidence - one.confidence)
      return { target, name, ...judge(strong), evidence: strong.slice(0, mostEvidence) }
    })
    .sort(
      (one, other) =>
        Number(refused.has(one.target)) - Number(refused.has(other.target)) ||
        other.confidence - one.confidence ||
        (one.target < other.target ? -1 : 1),
    )
    .slice(0, mostLinks + mostConnections)
}

/** A rule fires once through an account, however many links of it say the same. */
function uniqueRules(evidence: readonly LinkEvidence[]): Iterable<LinkEvidence> {
  return new Map(evidence.map((one) => [keyOf('', one), one])).values()
}

/** Of each own account: which connections of the environment have its ISRCs. */
async function readSharing(deps: CheckDeps, environmentId: string, own: readonly Connection[]) {
  const found = new Map<string, { all: number; others: ReadonlyMap<string, SharedIsrcs> }>()
  for (const { id } of own) {
    const isrcs = await deps.records.isrcs(environmentId, id, mostIsrcs)
    if (isrcs.length === 0) continue
    const rows = await deps.records.sharing(environmentId, { isrcs, limit: mostSharing + mostConnections })
    found.set(id, { all: isrcs.length, others: new Map(rows.map((row) => [row.connectionId, row])) })
  }
  return found
}

type Sharing = Awaited<ReturnType<typeof readSharing>>

function sharedOf(mine: ReturnType<Sharing['get']>, otherId: string): Shared | null {
  const other = mine?.others.get(otherId)
  return mine && other ? { shared: other.shared, one: mine.all, other: other.all } : null
}

/** Connections of other profiles that may be the artist's. Those that no rule will fire for cost nothing but the look at their name. */
async function readOthers(
  deps: CheckDeps,
  environmentId: string,
  own: readonly Connection[],
  sharing: Sharing,
): Promise<Connection[]> {
  const mine = new Set(own.map(({ id }) => id))
  const found: Connection[] = []
  for (let after: string | undefined; found.length < mostCompared; ) {
    const page = await deps.connections.list(environmentId, { after, limit: pageSize })
    found.push(...page.filter(({ id }) => !mine.has(id)))
    if (page.length < pageSize) break
    after = page.at(-1)!.id
  }
  const there = new Set(found.map(({ id }) => id))
  const sharers = new Set([...sharing.values()].flatMap(({ others }) => [...others.keys()]))
  const missing = [...sharers].filter((id) => !mine.has(id) && !there.has(id)).slice(0, mostSharing)
  if (missing.length > 0)
    found.push(...(await deps.connections.list(environmentId, { ids: missing, limit: missing.length })))
  return found
}

async function readKnown(
  deps: CheckDeps,
  environmentId: string,
  own: readonly Connection[],
  all: readonly Connection[],
): Promise<Map<string, KnownAccount>> {
  const ids = all.map(({ id }) => id)
  const facts = Map.groupBy(await deps.records.facts(environmentId, ids), ({ connectionId }) => connectionId)
  const book = new AddressBook()
  for (const { id, account } of all) book.add(id, account)
  const names = Map.groupBy(all, ({ account }) => comparedName(account.name))
  const namesakes = own
    .map(({ account }) => names.get(comparedName(account.name)) ?? [])
    .filter(({ length }) => length > 1)
  const compared = new Set(namesakes.flat().map(({ id }) => id))
  const read = new Set([...compared].slice(0, mostNamesakes + own.length))
  const known = new Map<string, KnownAccount>()
  for (const { id, account } of all) {
    const its = facts.get(id) ?? []
    // Codes that were joined with others lead to the same artist.
    const codes = its.flatMap(({ identifiers, former }) => [identifiers, former])
    known.set(id, {
      ...{ connection: id, name: account.name, compared: comparedName(account.name) },
      // A catalogue's own accounts are called by their MBID, and stay so when it is merged into another.
      mbids: [...codes.flatMap((one) => codesOf(one, 'mbid')), parseMbid(account.id) ?? []].flat(),
      isnis: codes.flatMap((one) => codesOf(one, 'isni')),
      links: its.flatMap(({ links }) => links ?? []).map((link) => ({ ...link, to: book.ownersOf(link.url) })),
      titles: read.has(id) ? await readTitles(deps, environmentId, id) : null,
    })
  }
  return known
}

async function readTitles(deps: CheckDeps, environmentId: string, connectionId: string): Promise<Set<string>> {
  const items = await deps.records.items(environmentId, { connections: [connectionId], limit: mostTitles })
  return new Set(items.map(({ title }) => comparedName(title)).filter((title) => title !== ''))
}
