import type { AccountLink } from '@patchbay/kit'
import type { IdentityRule, RuledState } from '../../ports/identity-links.ts'

/** What is known of one account. */
export interface KnownAccount {
  readonly connection: string
  readonly name: string
  /** As `comparedName` writes it. */
  readonly compared: string
  readonly mbids: readonly string[]
  readonly isnis: readonly string[]
  readonly links: readonly (AccountLink & {
    /** The connections whose account the address is. */
    readonly to: ReadonlySet<string>
  })[]
  /** Titles of its newest items, as `comparedName` writes them; null where they were not read. */
  readonly titles: ReadonlySet<string> | null
}

/** How many different ISRCs two accounts share, and how many each has. */
export interface Shared {
  readonly shared: number
  readonly one: number
  readonly other: number
}

export interface Fired {
  readonly rule: IdentityRule
  readonly confidence: number
  readonly says: string
}

/** A rule above this needs nobody's word. The name alone never comes near it. */
const sure = 0.7
/** Names are shared by strangers, so however much overlaps, a person has to look. */
export const mostUnsure = 0.6

/**
 * Every rule by which the other account is the same artist's as the first, from the strongest to the weakest: a catalogue relates both, they share
 * recordings, they have the same MBID or ISNI, one names the other, they have the same name.
 */
export function rulesBetween(first: KnownAccount, other: KnownAccount, shared: Shared | null): Fired[] {
  const relation = linkBetween(first, other, 'catalogue') ?? linkBetween(other, first, 'catalogue')
  const fired: (Fired | null)[] = [
    relation === null ? null : ruleOfLink({ by: 'catalogue', url: relation }),
    sharedRecordings(shared),
    sameIdentifier(first, other),
    crossLink(first, other),
    nameOverlap(first, other),
  ]
  return fired.filter((one) => one !== null)
}

/** By which an address that is not connected is the artist's. A profile links to shops and labels, too. */
export function ruleOfLink({ by, url }: AccountLink): Fired {
  return by === 'catalogue'
    ? { rule: 'url_relation', confidence: 0.95, says: `A catalogue gives ${cut(url)} as an address of the artist.` }
    : { rule: 'cross_link', confidence: mostUnsure, says: `The account itself links to ${cut(url)}.` }
}

/** The strongest rule counts: several weak ones are not a strong one, since they have one cause, such as a common name. */
export function judge(fired: readonly Pick<Fired, 'rule' | 'confidence'>[]): { state: RuledState; confidence: number } {
  const confidence = Math.max(0, ...fired.map((one) => one.confidence))
  const isSure = fired.some((one) => one.rule !== 'name_overlap' && one.confidence >= sure)
  return { state: isSure ? 'found' : 'suggested', confidence }
}

function linkBetween(from: KnownAccount, to: KnownAccount, by: AccountLink['by']): string | null {
  return from.links.find((link) => link.by === by && link.to.has(to.connection))?.url ?? null
}

/** Guests are on each other's tracks, so one or two say little; of a catalogue of two, though, one is half. */
function sharedRecordings(counts: Shared | null): Fired | null {
  if (!counts || counts.shared === 0) return null
  const smaller = Math.min(counts.one, counts.other)
  const enough = counts.shared >= 3
  if (!enough && counts.shared * 2 < smaller) return null
  return {
    rule: 'shared_recordings',
    confidence: enough ? 0.9 : sure,
    says: `${counts.shared} of ${smaller} recordings of the smaller catalogue are on both, by their ISRC.`,
  }
}

function sameIdentifier(first: KnownAccount, other: KnownAccount): Fired | null {
  const mbid = first.mbids.find((code) => other.mbids.includes(code))
  const isni = first.isnis.find((code) => other.isnis.includes(code))
  if (mbid === undefined && isni === undefined) return null
  const says = `Both have the ${mbid === undefined ? `ISNI ${isni}` : `MBID ${mbid}`}.`
  // Not more: pages of platforms carry MBIDs that are out of date, or of another artist of that name.
  return { rule: 'same_identifier', confidence: 0.85, says }
}

function crossLink(first: KnownAccount, other: KnownAccount): Fired | null {
  const [there, back] = [linkBetween(first, other, 'profile'), linkBetween(other, first, 'profile')]
  if (there === null && back === null) return null
  const both = there !== null && back !== null
  return {
    rule: 'cross_link',
    confidence: both ? 0.9 : 0.75,
    says: both ? 'The accounts link to each other.' : `One account links to the other: ${cut(there ?? back ?? '')}.`,
  }
}

function nameOverlap(first: KnownAccount, other: KnownAccount): Fired | null {
  if (first.compared === '' || first.compared !== other.compared) return null
  const [titles, others] = [first.titles ?? none, other.titles ?? none]
  const smaller = Math.min(titles.size, others.size)
  const same = [...titles].filter((title) => others.has(title)).length
  const overlap = smaller === 0 ? 0 : same / smaller
  const about = smaller === 0 ? '' : ` ${same} of ${smaller} titles are on both.`
  return {
    rule: 'name_overlap',
    confidence: Math.min(mostUnsure, 0.3 + 0.3 * overlap),
    says: `Both are called “${cut(first.name)}”.${about}`,
  }
}

const none: ReadonlySet<string> = new Set()

/** Evidence is kept by the hundred, and addresses may be as long as a page. */
const cut = (text: string) => (text.length > 150 ? `${text.slice(0, 149).toWellFormed()}…` : text)

/** Letters and digits without marks, in small letters, of every script. */
export const comparedName = (name: string) =>
  name
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase()
