import assert from 'node:assert/strict'
import { describeContract } from './contract.ts'
import type { Inbox, Message, MessageOutcome, NewMessage } from './inbox.ts'

export interface InboxWorld {
  readonly inbox: Inbox
  close(): Promise<void>
}

const aDay = 86_400_000
const hour = aDay / 24

/** What every driver of `Inbox` promises. */
export function inboxContract(name: string, open: () => Promise<InboxWorld>): void {
  describeContract(`inbox ${name}`, open, (story) => {
    const claim = (
      inbox: Inbox,
      environmentId: string,
      now: number,
      { limit = 100, as = 'clm' }: { limit?: number; as?: string } = {},
    ) => inbox.claim(environmentId, { now, until: now + 100, claim: as, limit })

    story(
      'the same message twice is one, in one call and in two, and for each app for itself',
      async ({ inbox }, env) => {
        const first = [message(env, 'm1', { dedupe: 'a' }), message(env, 'm2', { dedupe: 'a' }), message(env, 'm3')]
        assert.deepEqual(await inbox.store(first), ['stored', 'duplicate', 'stored'])
        assert.deepEqual(await inbox.store([message(env, 'm4', { dedupe: 'a' })]), ['duplicate'])
        assert.deepEqual(await inbox.store([message(env, 'm5', { dedupe: 'a', integrationId: 'int_2' })]), ['stored'])
        const others = `${env}_other`
        assert.deepEqual(await inbox.store([message(others, 'm6', { dedupe: 'a' })]), ['stored'])
        assert.deepEqual(ids(await inbox.list(env, { limit: 10 })), ['m5', 'm3', 'm1'])
      },
    )

    story('a message comes back as it was stored, its body byte for byte', async ({ inbox }, env) => {
      const stored: NewMessage = {
        ...message(env, 'm1'),
        ...{ callback: 'deauthorize', accounts: ['1', 'a "b" \\ c'], types: ['comments', 'mentions'], signedAt: 77 },
        headers: { 'content-type': 'application/json', 'x-odd': 'ü "' },
        body: Uint8Array.from({ length: 256 }, (_, index) => index),
      }
      const bodies = ['', 'before', 'ünd after'].map((body) => Uint8Array.from(Buffer.from(body)))
      const [empty, before, after] = bodies.map((body, n) => message(env, `m0${n}`, { body }))
      assert.equal((await inbox.store([empty!, before!, stored, after!])).length, 4)
      for (const { id, body } of [empty!, before!, after!]) assert.deepEqual((await inbox.read(env, id))?.body, body)
      assert.deepEqual(await inbox.read(env, 'm1'), {
        ...stored,
        ...{ state: 'received', attempts: 0, dueAt: 1, fault: null, says: null, effects: null, processedAt: null },
      })
      assert.equal(await inbox.read(env, 'm2'), null)
      assert.equal((await inbox.findByDedupe(env, 'int_1', 'm1'))?.id, 'm1')
      assert.equal(await inbox.findByDedupe(env, 'int_2', 'm1'), null)
    })

    story('a claimed message is not given to anybody else until the claim runs out', async ({ inbox }, env) => {
      await inbox.store([message(env, 'm1'), message(env, 'm2')])
      assert.deepEqual(ids(await claim(inbox, env, 10, { limit: 1 })), ['m1'])
      assert.deepEqual(ids(await claim(inbox, env, 11)), ['m2'])
      assert.deepEqual(ids(await claim(inbox, env, 109)), [])
      assert.deepEqual(ids(await claim(inbox, env, 110)), ['m1'])
      assert.deepEqual(ids(await claim(inbox, env, 111)), ['m2'])
    })

    story('it says in which environments something is due, claimed or not', async ({ inbox }, env) => {
      const others = `${env}_other`
      // Other stories have theirs.
      const due = async (now: number) => (await inbox.environmentsDue(now)).filter((id) => id.startsWith(env))
      await inbox.store([message(others, 'm1', { receivedAt: 20 }), message(env, 'm2', { receivedAt: 10 })])
      assert.deepEqual(await due(9), [])
      assert.deepEqual(await due(10), [env])
      assert.deepEqual(await due(20), [env, others])
      await claim(inbox, env, 20)
      assert.deepEqual(await due(21), [env, others])
      await inbox.finish(env, 'clm', [done('m2')])
      assert.deepEqual(await due(21), [others])
      assert.deepEqual(ids(await claim(inbox, others, 21)), ['m1'])
    })

    story('nothing about an account is overtaken by what came later about it', async ({ inbox }, env) => {
      await inbox.store([
        message(env, 'm1', { accounts: ['A'], receivedAt: 1 }),
        message(env, 'm2', { accounts: ['B', 'A'], receivedAt: 2 }),
        message(env, 'm3', { accounts: ['B'], receivedAt: 3 }),
        message(env, 'm4', { accounts: ['C'], receivedAt: 4 }),
        message(env, 'm5', { accounts: [], receivedAt: 5 }),
      ])
      const first = await claim(inbox, env, 10, { limit: 1, as: 'one' })
      assert.deepEqual(ids(first), ['m1'])
      // Somebody works on A, so what is about A and B waits, and with it what came after it about B.
      assert.deepEqual(ids(await claim(inbox, env, 11, { as: 'other' })), ['m4', 'm5'])
      await inbox.finish(env, 'one', [done('m1')])
      assert.deepEqual(ids(await claim(inbox, env, 12, { as: 'one' })), ['m2', 'm3'])
    })

    story(
      'apps are in nobody’s way: of some nothing is claimed, and accounts of one are not those of another',
      async ({ inbox }, env) => {
        const of = (app: string) => ({ integrationId: app, accounts: ['A'] })
        await inbox.store([
          message(env, 'm1', { ...of('int_1'), receivedAt: 1 }),
          message(env, 'm2', { ...of('int_2'), receivedAt: 2 }),
          message(env, 'm3', { ...of('int_1'), receivedAt: 3 }),
          message(env, 'm4', { ...of('int_3'), receivedAt: 4 }),
        ])
        const without = (apps: readonly string[], now: number) =>
          inbox.claim(env, { now, until: now + 100, claim: 'clm', limit: 100, without: apps })
        assert.deepEqual(ids(await claim(inbox, env, 10, { limit: 1 })), ['m1'])
        assert.deepEqual(ids(await without(['int_1', 'int_3'], 11)), ['m2'])
        assert.deepEqual(ids(await without(['int_1'], 12)), ['m4'])
        assert.deepEqual(ids(await without([], 13)), [], 'of the first app somebody still works on that account')
        await inbox.finish(env, 'clm', [done('m1')])
        assert.deepEqual(ids(await without(['int_1'], 14)), [])
        assert.deepEqual(ids(await without(['int_2'], 15)), ['m3'])
      },
    )

    story(
      'what an app has waiting hides those of others from nobody who wants nothing of it',
      async ({ inbox }, env) => {
        const much = Array.from({ length: 3_000 }, (_, n) => message(env, `m${n}`, { integrationId: 'int_1' }))
        await inbox.store([...much, message(env, 'other', { integrationId: 'int_2', receivedAt: 2 })])
        const claimed = await inbox.claim(env, { now: 10, until: 110, claim: 'clm', limit: 9, without: ['int_1'] })
        assert.deepEqual(ids(claimed), ['other'])
      },
    )

    story('one that failed steps out of the line until its next try', async ({ inbox }, env) => {
      await inbox.store([
        message(env, 'm1', { accounts: ['A'], receivedAt: 1 }),
        message(env, 'm2', { accounts: ['A'], receivedAt: 2 }),
      ])
      await claim(inbox, env, 10, { limit: 1 })
      const again: MessageOutcome = { ...done('m1'), state: 'received', attempts: 1, dueAt: 50, processedAt: null }
      assert.equal(await inbox.finish(env, 'clm', [{ ...again, fault: 'platform.bug', says: 'Broken.' }]), 1)
      assert.deepEqual(ids(await claim(inbox, env, 20)), ['m2'])
      assert.equal(await inbox.finish(env, 'clm', [done('m2')]), 1)
      const [late] = await claim(inbox, env, 50)
      assert.deepEqual([late?.id, late?.attempts, late?.fault, late?.says], ['m1', 1, 'platform.bug', 'Broken.'])
    })

    story('a finished message says how it ended and is not claimed again', async ({ inbox }, env) => {
      await inbox.store([message(env, 'm1')])
      await claim(inbox, env, 10)
      const effects = {
        ...{ woken: [{ connection: 'con_1', stream: 'media' }], records: 2, erased: ['con_3'] },
        checked: ['con_2'],
      }
      assert.equal(await inbox.finish(env, 'clm', [{ ...done('m1'), effects }]), 1)
      assert.deepEqual(await claim(inbox, env, 1000), [])
      const stored = await inbox.read(env, 'm1')
      assert.deepEqual([stored?.state, stored?.processedAt, stored?.effects], ['processed', 15, effects])
    })

    story('whoever lost the claim finishes nothing', async ({ inbox }, env) => {
      await inbox.store([message(env, 'm1')])
      await claim(inbox, env, 10, { as: 'slow' })
      await claim(inbox, env, 200, { as: 'next' })
      assert.equal(await inbox.finish(env, 'slow', [{ ...done('m1'), state: 'failed' }]), 0)
      assert.equal(await inbox.finish(env, 'next', [done('m1')]), 1)
      assert.equal((await inbox.read(env, 'm1'))?.state, 'processed')
      assert.equal(await inbox.finish(env, 'next', [{ ...done('m1'), state: 'failed' }]), 0)
    })

    story('the claims of the dead can be ended', async ({ inbox }, env) => {
      await inbox.store([message(env, 'm1')])
      await claim(inbox, env, 10)
      assert.equal(await inbox.endClaims(env), 1)
      assert.equal(await inbox.finish(env, 'clm', [done('m1')]), 0)
      assert.deepEqual(ids(await claim(inbox, env, 11)), ['m1'])
    })

    story('no environment sees or changes another’s', async ({ inbox }, env) => {
      await inbox.store([message(env, 'm1')])
      const other = `${env}_other`
      assert.deepEqual(await inbox.list(other, { limit: 5 }), [])
      assert.equal(await inbox.read(other, 'm1'), null)
      await claim(inbox, env, 10)
      assert.equal(await inbox.finish(other, 'clm', [done('m1')]), 0)
      assert.equal(await inbox.endClaims(other), 0)
      await inbox.finish(env, 'clm', [done('m1')])
      assert.equal(await inbox.replay(other, ['m1'], 20), 0)
      assert.equal(await inbox.sweep(other, { processed: 100, unmatched: 100, callbacks: 100 }), 0)
      assert.equal((await inbox.read(env, 'm1'))?.state, 'processed')
    })

    story('lists are newest first, a page at a time, and narrowed by what is asked for', async ({ inbox }, env) => {
      await inbox.store([
        message(env, 'm1', { accounts: ['A'], types: ['comments'], receivedAt: 1 }),
        message(env, 'm2', { accounts: ['A', 'B'], types: ['mentions', 'comments'], receivedAt: 2 }),
        message(env, 'm3', { accounts: ['B'], types: ['mentions'], receivedAt: 3, integrationId: 'int_2' }),
      ])
      await claim(inbox, env, 10, { limit: 1 })
      await inbox.finish(env, 'clm', [{ ...done('m1'), state: 'failed' }])
      const list = async (query: Partial<Parameters<Inbox['list']>[1]>) =>
        ids(await inbox.list(env, { limit: 10, ...query }))
      assert.deepEqual(await list({ limit: 2 }), ['m3', 'm2'])
      assert.deepEqual(await list({ before: 'm2' }), ['m1'])
      assert.deepEqual(await list({ state: 'failed' }), ['m1'])
      assert.deepEqual(await list({ integrationId: 'int_2' }), ['m3'])
      assert.deepEqual(await list({ accounts: ['B', 'C'] }), ['m3', 'm2'])
      assert.deepEqual(await list({ type: 'comments' }), ['m2', 'm1'])
      assert.deepEqual(await list({ ids: ['m1', 'm3', 'm9'] }), ['m3', 'm1'])
      assert.deepEqual(await list({ from: 2, to: 3 }), ['m2'])
    })

    story('what was done with can be replayed, what waits is left alone', async ({ inbox }, env) => {
      await inbox.store([message(env, 'm1'), message(env, 'm2')])
      await claim(inbox, env, 10, { limit: 1 })
      await inbox.finish(env, 'clm', [
        { ...done('m1'), state: 'failed', attempts: 6, fault: 'platform.bug', says: 'No.' },
      ])
      assert.equal(await inbox.replay(env, ['m1', 'm1', 'm2', 'm3'], 30), 1)
      assert.deepEqual(await inbox.read(env, 'm1'), {
        ...message(env, 'm1'),
        ...{ state: 'received', attempts: 0, dueAt: 30, fault: null, says: null, effects: null, processedAt: null },
      })
      assert.deepEqual(ids(await claim(inbox, env, 29)), ['m2'])
      assert.deepEqual(ids(await claim(inbox, env, 30)), ['m1'])
    })

    story('it says how many wait, up to so many, and since when', async ({ inbox }, env) => {
      const look = (limit = 10) => inbox.waiting(env, { limit })
      assert.deepEqual(await look(), { count: 0, since: null })
      await inbox.store([message(env, 'm1', { receivedAt: 5 }), message(env, 'm2', { receivedAt: 3 })])
      assert.deepEqual(await look(), { count: 2, since: 3 })
      assert.deepEqual(await look(1), { count: 1, since: 3 })
      await claim(inbox, env, 10, { limit: 1 })
      // It is due after the other, and has waited for longer all the same.
      await inbox.finish(env, 'clm', [{ ...done('m2'), state: 'received', attempts: 1, dueAt: 50, processedAt: null }])
      assert.deepEqual(await look(), { count: 2, since: 3 })
      assert.deepEqual(await look(1), { count: 1, since: 5 })
      await claim(inbox, env, 50, { limit: 1 })
      await inbox.finish(env, 'clm', [done('m1')])
      assert.deepEqual(await look(), { count: 1, since: 3 })
    })

    story('what is said of a message may hold what no database takes', async ({ inbox }, env) => {
      await inbox.store([message(env, 'm1')])
      await claim(inbox, env, 10)
      assert.equal(await inbox.finish(env, 'clm', [{ ...done('m1'), state: 'unmatched', says: 'nobody\0 has it' }]), 1)
      assert.equal((await inbox.read(env, 'm1'))!.says, 'nobody has it')
    })

    story(
      'what is about an account can be erased, but for what waits for others too and what was asked by law',
      async ({ inbox }, env) => {
        await inbox.store([
          message(env, 'm1', { accounts: ['A', 'B'] }),
          message(env, 'm2', { accounts: ['B'] }),
          message(env, 'm3', { accounts: ['A'], callback: 'deletion' }),
          message(env, 'm4', { accounts: ['A'], integrationId: 'int_2' }),
          message(env, 'm5', { accounts: ['A'], receivedAt: aDay }),
          message(env, 'm6', { accounts: ['A', 'B'], receivedAt: aDay }),
        ])
        await claim(inbox, env, 10)
        await inbox.finish(env, 'clm', ['m1', 'm2', 'm3', 'm4'].map(done))
        assert.equal(await inbox.erase(`${env}_other`, 'int_1', 'A'), 0)
        assert.equal(await inbox.erase(env, 'int_1', 'A'), 2)
        assert.deepEqual(ids(await inbox.list(env, { limit: 9 })), ['m6', 'm4', 'm3', 'm2'])
      },
    )

    story('all that is about an account is erased, however much there is', async ({ inbox }, env) => {
      const many = Array.from({ length: 4_500 }, (_, n) =>
        message(env, `m${n}`, { accounts: [n % 9 === 0 ? 'B' : 'A'] }),
      )
      await inbox.store(many)
      assert.equal(await inbox.erase(env, 'int_1', 'A'), 4_000)
      const left = await inbox.list(env, { limit: 5_000 })
      assert.deepEqual([left.length, new Set(left.flatMap(({ accounts }) => accounts))], [500, new Set(['B'])])
      assert.equal(await inbox.erase(env, 'int_1', 'A'), 0)
    })

    story('old ones are forgotten, each kind after its time, and what waits never is', async ({ inbox }, env) => {
      await inbox.store([
        message(env, 'm1'),
        message(env, 'm2'),
        message(env, 'm3', { callback: 'deletion' }),
        message(env, 'm4'),
        message(env, 'm5', { receivedAt: 3 * aDay }),
      ])
      await claim(inbox, env, 10)
      const at = (id: string, processedAt: number) => ({ ...done(id), processedAt })
      const outcomes = [
        at('m1', hour),
        { ...at('m2', hour), state: 'unmatched' as const },
        at('m3', hour),
        at('m4', aDay),
      ]
      await inbox.finish(env, 'clm', outcomes)
      assert.equal(await inbox.sweep(env, { processed: aDay, unmatched: 0, callbacks: 0 }), 1)
      assert.deepEqual(ids(await inbox.list(env, { limit: 9 })), ['m5', 'm4', 'm3', 'm2'])
      assert.equal(await inbox.sweep(env, { processed: aDay, unmatched: aDay, callbacks: aDay }), 2)
      assert.deepEqual(ids(await inbox.list(env, { limit: 9 })), ['m5', 'm4'])
      // Forgotten, it would be another message.
      assert.deepEqual(await inbox.store([message(env, 'm6', { dedupe: 'm1' })]), ['stored'])
    })
  })
}

const ids = (messages: readonly Message[]) => messages.map(({ id }) => id)

const done = (id: string): MessageOutcome => ({
  ...{ id, state: 'processed', attempts: 0, dueAt: 0, fault: null, says: null, effects: null, processedAt: 15 },
})

export function message(environmentId: string, id: string, more: Partial<NewMessage> = {}): NewMessage {
  return {
    ...{ id, environmentId, integrationId: 'int_1', provider: 'acme', callback: null, dedupe: id },
    ...{ accounts: [], types: [], headers: { 'content-type': 'application/json' } },
    body: new Uint8Array(Buffer.from('{}')),
    ...{ receivedAt: 1, signedAt: null },
    ...more,
  }
}
