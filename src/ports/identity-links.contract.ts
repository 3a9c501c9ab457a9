import assert from 'node:assert/strict'
import type { Traces } from './along.contract.ts'
import { describeContract } from './contract.ts'
import type { DecidedState, FoundLink, IdentityLinks, LinkEvidence } from './identity-links.ts'

export interface IdentityLinksWorld {
  readonly identityLinks: IdentityLinks
  traces(environmentId: string): Promise<Traces>
  close(): Promise<void>
}

const noon = Date.parse('2026-10-06T12:00:00Z')

const evidenceOf = (more: Partial<LinkEvidence> = {}): LinkEvidence => ({
  ...{ rule: 'name_overlap', confidence: 0.3, via: 'con_1', says: 'Both are called "Nova".', since: noon },
  ...more,
})

export const foundLink = (target: string, more: Partial<FoundLink> = {}): FoundLink => ({
  ...{ target, name: 'Nova', state: 'suggested', confidence: 0.3, evidence: [evidenceOf()] },
  ...more,
})

const strong = { state: 'found', confidence: 0.95 } as const

/** What every driver of IdentityLinks owes. */
export function identityLinksContract(name: string, open: () => Promise<IdentityLinksWorld>): void {
  describeContract(`identity links ${name}`, open, (story) => {
    const [one, other] = ['connection:con_2', 'address:https://example.com/nova'] as const
    const decision = (target: string, state: DecidedState, at = noon + 5) => ({
      ...{ target, name: 'Named', state, by: 'user:usr_1', at },
    })
    const along = { at: noon, actor: 'system' } as const
    const list = (links: IdentityLinks, environmentId: string, profileId = 'nova') =>
      links.list(environmentId, profileId, { limit: 100 })

    story(
      'what rules say is kept as it was said, and goes when they say it no more',
      async ({ identityLinks }, env) => {
        assert.equal(await identityLinks.checkedAt(env, 'nova'), null)
        const link = foundLink(one, {
          name: null,
          evidence: [evidenceOf({ via: null, says: 'half \ud83d \0 “quotes”' })],
        })
        await identityLinks.found(env, 'nova', [link, foundLink(other, strong)], noon)
        const stored = { profileId: 'nova', foundAt: noon, seenAt: noon, decidedAt: null, decidedBy: null }
        assert.deepEqual(await list(identityLinks, env), [
          { ...foundLink(other, strong), ...stored },
          { ...link, evidence: [evidenceOf({ via: null, says: 'half \ufffd  “quotes”' })], ...stored },
        ])
        await identityLinks.found(env, 'nova', [foundLink(one, strong)], noon + 9)
        assert.deepEqual(await list(identityLinks, env), [{ ...foundLink(one, strong), ...stored, seenAt: noon + 9 }])
        assert.equal(await identityLinks.checkedAt(env, 'nova'), noon + 9)
        await identityLinks.found(env, 'nova', [], noon + 8)
        assert.equal((await list(identityLinks, env)).length, 1, 'an older check leaves a newer one as it is')
        await identityLinks.found(env, 'nova', [], noon + 10)
        assert.deepEqual(await list(identityLinks, env), [])
      },
    )

    for (const state of ['accepted', 'refused', 'manual'] as const)
      story(`no rule changes what a person ${state} or takes it away`, async ({ identityLinks }, env) => {
        await identityLinks.found(env, 'nova', [foundLink(one)], noon)
        const decided = await identityLinks.decide(env, 'nova', decision(one, state), along)
        assert.deepEqual(decided, {
          ...foundLink(one),
          ...{ profileId: 'nova', state, foundAt: noon, seenAt: noon, decidedAt: noon + 5, decidedBy: 'user:usr_1' },
        })
        await identityLinks.found(env, 'nova', [foundLink(one, strong)], noon + 6)
        const [told] = await list(identityLinks, env)
        assert.deepEqual(told, { ...decided, ...foundLink(one, strong), state, seenAt: noon + 6 })
        await identityLinks.found(env, 'nova', [], noon + 7)
        assert.deepEqual(await list(identityLinks, env), [{ ...told, confidence: 0, evidence: [] }])
      })

    story('a person may name what no rule found, and decide again', async ({ identityLinks }, env) => {
      const made = await identityLinks.decide(env, 'nova', decision(one, 'manual'), along)
      assert.deepEqual(made, {
        ...{ target: one, profileId: 'nova', name: 'Named', state: 'manual', confidence: 0, evidence: [] },
        ...{ foundAt: noon + 5, seenAt: noon + 5, decidedAt: noon + 5, decidedBy: 'user:usr_1' },
      })
      assert.deepEqual(await identityLinks.read(env, 'nova', one), made)
      const again = await identityLinks.decide(env, 'nova', decision(one, 'refused', noon + 8), along)
      assert.deepEqual(again, { ...made, state: 'refused', decidedAt: noon + 8 })
    })

    story('a decision is taken back by a person only', async ({ identityLinks }, env) => {
      await identityLinks.found(env, 'nova', [foundLink(one)], noon)
      await identityLinks.decide(env, 'nova', decision(one, 'refused'), along)
      await identityLinks.decide(env, 'nova', decision(other, 'manual'), along)
      await identityLinks.undecide(env, 'nova', one, 'suggested', along)
      await identityLinks.undecide(env, 'nova', other, null, along)
      await identityLinks.undecide(env, 'nova', 'connection:con_9', 'found', along)
      const stored = { profileId: 'nova', foundAt: noon, seenAt: noon, decidedAt: null, decidedBy: null }
      assert.deepEqual(await list(identityLinks, env), [{ ...foundLink(one), ...stored }])
    })

    story('links are listed by state and page by page', async ({ identityLinks }, env) => {
      const links = ['a', 'b', 'c', 'd'].map((id, n) => foundLink(`connection:${id}`, n % 2 === 0 ? strong : {}))
      await identityLinks.found(env, 'nova', links, noon)
      await identityLinks.decide(env, 'nova', decision('connection:d', 'accepted'), along)
      const ids = async (page: Parameters<IdentityLinks['list']>[2], profileId = 'nova') =>
        (await identityLinks.list(env, profileId, page)).map(({ target }) => target.slice(-1)).join('')
      assert.equal(await ids({ limit: 3 }), 'abc')
      assert.equal(await ids({ after: 'connection:b', limit: 3 }), 'cd')
      assert.equal(await ids({ states: ['found', 'accepted'], limit: 9 }), 'acd')
      assert.equal(await ids({ limit: 9 }, 'vega'), '')
    })

    story('what is decided leaves its traces in the same step', async ({ identityLinks, traces }, env) => {
      const audit = (id: string) => ({ ...along, audit: [{ id, action: 'identity.accepted', subject: 'nova' }] })
      await identityLinks.decide(env, 'nova', decision(one, 'accepted'), audit('aud_1'))
      await identityLinks.undecide(env, 'nova', one, null, audit('aud_2'))
      assert.deepEqual(
        (await traces(env)).audit.map(({ id }) => id),
        ['aud_1', 'aud_2'],
      )
    })

    story('of a connection that is erased neither a link nor evidence is left', async ({ identityLinks }, env) => {
      const mixed = [evidenceOf(), evidenceOf({ via: 'con_2' }), evidenceOf({ via: null })]
      const own = [evidenceOf({ via: 'con_2' })]
      const links = [foundLink(one), foundLink('connection:con_3', { evidence: mixed }), foundLink('connection:con_20')]
      links.push(foundLink(other, { evidence: own }), foundLink('connection:con_4', { evidence: own }))
      await identityLinks.found(env, 'nova', links, noon)
      await identityLinks.decide(env, 'vega', decision(one, 'manual'), along)
      await identityLinks.decide(env, 'nova', decision('connection:con_4', 'refused'), along)
      assert.equal(await identityLinks.erase(`${env}_other`, 'con_2'), 0)
      assert.equal(await identityLinks.erase(env, 'con_2'), 5)
      const left = await list(identityLinks, env)
      assert.deepEqual(
        left.map(({ target, evidence }) => [target, evidence.map(({ via }) => via)]),
        [
          ['connection:con_20', ['con_1']],
          ['connection:con_3', ['con_1', null]],
          ['connection:con_4', []],
        ],
      )
      assert.deepEqual(await list(identityLinks, env, 'vega'), [])
    })

    story('an environment sees its own', async ({ identityLinks }, env) => {
      await identityLinks.found(env, 'nova', [foundLink(one)], noon)
      const theirs = `${env}_other`
      assert.deepEqual(await list(identityLinks, theirs), [])
      assert.equal(await identityLinks.read(theirs, 'nova', one), null)
      assert.equal(await identityLinks.checkedAt(theirs, 'nova'), null)
      await identityLinks.undecide(theirs, 'nova', one, null, along)
      assert.equal((await list(identityLinks, env)).length, 1)
    })
  })
}
