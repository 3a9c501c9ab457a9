import { dayMs, Fault } from '@patchbay/kit'
import type { Along } from '../../ports/along.ts'
import type { IdentityLink, LinkState } from '../../ports/identity-links.ts'
import type { Deps } from '../deps.ts'
import { comparedAddress } from './account-address.ts'
import { judge } from './artist-rules.ts'
import { checkProfile } from './check-profile.ts'
import { mostDecided } from './profile-connections.ts'

type IdentityDeps = Pick<Deps, 'clock' | 'connections' | 'directory' | 'identityLinks' | 'random' | 'records'>

/** What a decision is about: an account that is connected, or an address of one that is not. */
export type LinkTarget = { readonly connection: string } | { readonly address: string }

/** Which accounts are an artist's: what the rules found, what a person says. */
export interface Identity {
  /** Asks the rules first where that was not done for a day. */
  list(
    environmentId: string,
    profileId: string,
    page: { readonly after?: string; readonly states?: readonly LinkState[]; readonly limit: number },
  ): Promise<IdentityLink[]>
  check(environmentId: string, profileId: string): Promise<void>
  /** `undecided` takes the decision back. Null when nothing is left of it then. */
  decide(
    environmentId: string,
    profileId: string,
    target: LinkTarget,
    decision: 'accepted' | 'refused' | 'undecided',
    actor: Along['actor'],
  ): Promise<IdentityLink | null>
}

/** What platforms say of an artist moves in weeks, and a look costs a few queries. */
const checkedForMs = dayMs

export function openIdentity(deps: IdentityDeps): Identity {
  return {
    async list(environmentId, profileId, page) {
      await mustExist(environmentId, profileId)
      const checkedAt = await deps.identityLinks.checkedAt(environmentId, profileId)
      if (checkedAt === null || checkedAt <= deps.clock.now() - checkedForMs)
        await checkProfile(deps, environmentId, profileId)
      return deps.identityLinks.list(environmentId, profileId, page)
    },

    async check(environmentId, profileId) {
      await mustExist(environmentId, profileId)
      await checkProfile(deps, environmentId, profileId)
    },

    async decide(environmentId, profileId, about, decision, actor) {
      await mustExist(environmentId, profileId)
      const target = targetOf(about)
      const before = await deps.identityLinks.read(environmentId, profileId, target)
      const name = await nameOf(environmentId, about, before !== null && decision !== 'accepted')
      const along: Along = {
        at: deps.clock.now(),
        actor,
        audit: [
          {
            id: deps.random.id('aud'),
            action: `identity.${decision}`,
            subject: profileId,
            detail: { target, before: before?.state ?? null },
          },
        ],
      }
      if (decision === 'undecided') {
        const ruled = before && before.evidence.length > 0 ? judge(before.evidence).state : null
        await deps.identityLinks.undecide(environmentId, profileId, target, ruled, along)
        return deps.identityLinks.read(environmentId, profileId, target)
      }
      if (!before?.decidedAt) await mustHaveRoom(environmentId, profileId)
      // A person who names what no rule speaks for makes the link; whoever agrees with rules accepts theirs.
      const isNamed = decision === 'accepted' && (!before || before.state === 'manual' || before.evidence.length === 0)
      return deps.identityLinks.decide(
        environmentId,
        profileId,
        { target, name, state: isNamed ? 'manual' : decision, by: actor, at: along.at },
        along,
      )
    },
  }

  async function mustExist(environmentId: string, profileId: string): Promise<void> {
    const [profile] = await deps.directory.profiles(environmentId, { ids: [profileId], limit: 1 })
    if (!profile) throw new Fault('input.unknown', 'There is no such profile.')
  }

  async function mustHaveRoom(environmentId: string, profileId: string): Promise<void> {
    const states = ['accepted', 'refused', 'manual'] as const
    const decided = await deps.identityLinks.list(environmentId, profileId, { states, limit: mostDecided })
    if (decided.length >= mostDecided)
      throw new Fault('input.too_large', `A profile has ${mostDecided} decided links at most: take some back first.`)
  }

  /** An account that is gone is not accepted any more; what was decided about it can be taken back all the same. */
  async function nameOf(environmentId: string, about: LinkTarget, mayBeGone: boolean): Promise<string | null> {
    if ('address' in about) return null
    const connection = await deps.connections.read(environmentId, about.connection)
    if (connection && connection.state !== 'disconnected') return connection.account.name
    if (mayBeGone) return null
    throw new Fault('input.unknown', 'There is no such connection.', { field: 'account' })
  }
}

function targetOf(about: LinkTarget): string {
  if ('connection' in about) return `connection:${about.connection}`
  const address = comparedAddress(about.address)
  if (address === null)
    throw new Fault('input.invalid', 'An address begins with https:// and names a host.', { field: 'account' })
  return `address:https://${address}`
}
