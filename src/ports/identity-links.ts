import type { Along } from './along.ts'
import type { Instant } from './clock.ts'

/** Why an account is thought to be the artist's, from the strongest to the weakest. */
export const identityRules = [
  'connected',
  'url_relation',
  'shared_recordings',
  'same_identifier',
  'cross_link',
  'name_overlap',
] as const
export type IdentityRule = (typeof identityRules)[number]

/** One rule that fired. */
export interface LinkEvidence {
  readonly rule: IdentityRule
  /** From 0 to 1. */
  readonly confidence: number
  /** Through which of the artist's connections; null for what needs none. */
  readonly via: string | null
  /** In a sentence. */
  readonly says: string
  /** When it fired first. */
  readonly since: Instant
}

/**
 * `found`, `suggested`: as the rules say now; a suggestion has only a name to go by. `accepted`, `refused`: what a person said of one that rules had
 * found; `manual`: a person named it. found ⇄ suggested by rules; any → accepted | refused | manual by a person, and back only by a person.
 */
export type LinkState = 'found' | 'suggested' | 'accepted' | 'refused' | 'manual'
export type RuledState = Extract<LinkState, 'found' | 'suggested'>
export type DecidedState = Exclude<LinkState, RuledState>

/** What rules say of one account, all of them together. */
export interface FoundLink {
  /** `connection:ID`, or `address:URL` of what is not connected. */
  readonly target: string
  /** What it is called there; null where that is not known. */
  readonly name: string | null
  readonly state: RuledState
  readonly confidence: number
  readonly evidence: readonly LinkEvidence[]
}

export interface IdentityLink extends Omit<FoundLink, 'state'> {
  readonly profileId: string
  readonly state: LinkState
  readonly foundAt: Instant
  /** When rules last spoke for it, or a person did. */
  readonly seenAt: Instant
  readonly decidedAt: Instant | null
  readonly decidedBy: string | null
}

export interface LinkDecision {
  readonly target: string
  readonly name: string | null
  readonly state: DecidedState
  readonly by: string
  readonly at: Instant
}

/** Which accounts are an artist's, as rules and people say. A rule never changes what a person decided. */
export interface IdentityLinks {
  /** By target, ascending, after `after`. */
  list(
    environmentId: string,
    profileId: string,
    page: { readonly after?: string; readonly states?: readonly LinkState[]; readonly limit: number },
  ): Promise<IdentityLink[]>
  read(environmentId: string, profileId: string, target: string): Promise<IdentityLink | null>
  /** When `found` was last told what the rules say; null for never. */
  checkedAt(environmentId: string, profileId: string): Promise<Instant | null>
  /**
   * All that the rules say of a profile now. What they no longer say goes, unless a person decided about it; of what a person decided only evidence and
   * confidence change, to none where the rules say nothing of it. An older check leaves a newer one as it is.
   */
  found(environmentId: string, profileId: string, links: readonly FoundLink[], at: Instant): Promise<void>
  /** Makes the link where there is none. */
  decide(environmentId: string, profileId: string, decision: LinkDecision, along: Along): Promise<IdentityLink>
  /** Takes a decision back: the link is what the rules say again, or goes where they say nothing (`null`). */
  undecide(
    environmentId: string,
    profileId: string,
    target: string,
    state: RuledState | null,
    along: Along,
  ): Promise<void>
  /** Deletes the links to a connection, what others have from it as evidence, and those of the rules that have no other. Returns how many rows it touched. */
  erase(environmentId: string, connectionId: string): Promise<number>
}
