import assert from 'node:assert/strict'
import { describeContract } from './contract.ts'
import type { Subscription, Subscriptions, WantedSubscription } from './subscriptions.ts'

export interface SubscriptionsWorld {
  readonly subscriptions: Subscriptions
  close(): Promise<void>
}

/** What every driver of `Subscriptions` promises. */
export function subscriptionsContract(name: string, open: () => Promise<SubscriptionsWorld>): void {
  describeContract(`subscriptions ${name}`, open, (story) => {
    const all = (subscriptions: Subscriptions, env: string) => subscriptions.list(env, { limit: 100 })
    const one = async (subscriptions: Subscriptions, env: string): Promise<Subscription> =>
      (await all(subscriptions, env))[0]!

    story('what is wanted is there, missing and due', async ({ subscriptions }, env) => {
      await subscriptions.want(env, [wish()], { now: 1_000 })
      assert.deepEqual(await all(subscriptions, env), [
        {
          ...{ ...wish(), environmentId: env, wanted: true, state: 'missing', actual: null, until: null, dueAt: 1_000 },
          ...{ attempts: 0, fault: null, drifts: 0, askedAt: null, confirmedAt: null, checkedAt: null },
          createdAt: 1_000,
        },
      ])
      assert.deepEqual(await all(subscriptions, `${env}_other`), [])
    })

    story('wanted once more it stays as it is, unless something else is wanted', async ({ subscriptions }, env) => {
      await subscriptions.want(env, [wish()], { now: 1_000 })
      await subscriptions.change(env, 'sub_1', { state: 'active', dueAt: 9_000, attempts: 2, actual: ['a'] })
      await subscriptions.want(env, [wish({ id: 'sub_9' })], { now: 2_000 })
      const same = await one(subscriptions, env)
      assert.deepEqual([same.id, same.state, same.dueAt, same.attempts], ['sub_1', 'active', 9_000, 2])
      await subscriptions.want(env, [wish({ kinds: ['a', 'b', 'c'] })], { now: 3_000 })
      const other = await one(subscriptions, env)
      assert.deepEqual([other.kinds, other.state, other.dueAt, other.attempts], [['a', 'b', 'c'], 'active', 3_000, 0])
      await subscriptions.change(env, 'sub_1', { dueAt: 9_000 })
      await subscriptions.want(env, [wish({ kinds: ['a', 'b', 'c'] })], { now: 4_000, again: true })
      const again = await one(subscriptions, env)
      assert.deepEqual([again.state, again.dueAt], ['missing', 4_000])
    })

    story('what is not wanted any more is due, once', async ({ subscriptions }, env) => {
      await subscriptions.want(env, [wish(), wish({ id: 'sub_2', connectionId: 'con_2' })], { now: 1_000 })
      await subscriptions.change(env, 'sub_1', { state: 'active', dueAt: 9_000 })
      assert.equal(await subscriptions.unwant(env, ['con_1', 'con_3'], 2_000), 1)
      assert.equal(await subscriptions.unwant(env, ['con_1'], 3_000), 0)
      assert.equal(await subscriptions.unwant(`${env}_other`, ['con_2'], 3_000), 0)
      const { wanted, dueAt, state } = await one(subscriptions, env)
      assert.deepEqual([wanted, dueAt, state], [false, 2_000, 'active'])
      await subscriptions.want(env, [wish()], { now: 4_000 })
      assert.deepEqual([(await one(subscriptions, env)).wanted, (await one(subscriptions, env)).dueAt], [true, 4_000])
    })

    story('each is claimed once, the longest due first', async ({ subscriptions }, env) => {
      const wishes = [1, 2, 3].map((nth) => wish({ id: `sub_${nth}`, connectionId: `con_${nth}` }))
      await subscriptions.want(env, wishes, { now: 1_000 })
      await subscriptions.change(env, 'sub_3', { dueAt: 500 })
      await subscriptions.change(env, 'sub_1', { dueAt: 5_000 })
      const claim = async (now: number, limit = 10) => {
        const found = await subscriptions.claim({ now, until: now + 10_000, limit })
        return found.filter(({ environmentId }) => environmentId === env).map(({ id }) => id)
      }
      assert.deepEqual(await claim(2_000, 1), ['sub_3'])
      assert.deepEqual(await claim(2_000), ['sub_2'])
      assert.deepEqual(await claim(2_000), [])
      assert.deepEqual(await claim(5_000), ['sub_1'])
      assert.deepEqual((await claim(12_000)).toSorted(), ['sub_2', 'sub_3'])
      assert.equal(await subscriptions.hasten(env, ['sub_1', 'sub_7'], 12_500), 1)
      assert.deepEqual(await claim(12_500), ['sub_1'])
    })

    story('a change leaves what it does not name, and may take back', async ({ subscriptions }, env) => {
      await subscriptions.want(env, [wish()], { now: 1_000 })
      const full = {
        ...{ actual: ['a'], until: 8_000, dueAt: 4_000, attempts: 3, fault: 'provider.down', drifts: 1 },
        ...{ state: 'active' as const, askedAt: 1_100, confirmedAt: 1_200, checkedAt: 1_300 },
      }
      const changed = await subscriptions.change(env, 'sub_1', full)
      assert.deepEqual(changed, { ...(await one(subscriptions, env)), ...full })
      const less = await subscriptions.change(env, 'sub_1', { fault: null, until: null, actual: null })
      assert.deepEqual(less, { ...changed!, fault: null, until: null, actual: null })
      assert.equal(await subscriptions.change(env, 'sub_2', { attempts: 1 }), null)
      assert.equal(await subscriptions.change(`${env}_other`, 'sub_1', { attempts: 1 }), null)
    })

    story('several connections may have one topic; what is removed is gone', async ({ subscriptions }, env) => {
      const second = wish({ id: 'sub_2', connectionId: 'con_2' })
      await subscriptions.want(env, [wish(), second, wish({ id: 'sub_3', connectionId: 'con_3', topic: 'other' })], {
        now: 1_000,
      })
      const ids = async () => (await subscriptions.ofTopic(env, 'int_1', 'topic')).map(({ id }) => id)
      assert.deepEqual(await ids(), ['sub_1', 'sub_2'])
      assert.deepEqual(await subscriptions.ofTopic(env, 'int_2', 'topic'), [])
      await subscriptions.remove(env, 'sub_1')
      assert.deepEqual(await ids(), ['sub_2'])
    })

    story('pages and filters', async ({ subscriptions }, env) => {
      const wishes = [1, 2, 3].map((nth) => {
        return wish({ id: `sub_${nth}`, connectionId: `con_${nth}`, provider: nth === 2 ? 'beta' : 'alpha' })
      })
      await subscriptions.want(env, wishes, { now: 1_000 })
      const ids = async (query: object) => (await subscriptions.list(env, { limit: 10, ...query })).map(({ id }) => id)
      assert.deepEqual(await ids({ limit: 2 }), ['sub_1', 'sub_2'])
      assert.deepEqual(await ids({ after: 'sub_2' }), ['sub_3'])
      assert.deepEqual(await ids({ provider: 'beta' }), ['sub_2'])
      assert.deepEqual(await ids({ connections: ['con_1', 'con_3'] }), ['sub_1', 'sub_3'])
    })
  })
}

const wish = (more: Partial<WantedSubscription> = {}): WantedSubscription => ({
  ...{ id: 'sub_1', connectionId: 'con_1', integrationId: 'int_1', provider: 'alpha', account: '17', topic: 'topic' },
  kinds: ['a', 'b'],
  ...more,
})
