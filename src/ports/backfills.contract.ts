import assert from 'node:assert/strict'
import type { Backfill, Backfills } from './backfills.ts'
import { describeContract } from './contract.ts'

export interface BackfillsWorld {
  readonly backfills: Backfills
  close(): Promise<void>
}

const at = Date.parse('2026-10-05T00:00:00Z')
const minute = 60_000
const along = { at, actor: 'system' } as const

/** What every driver of Backfills owes. */
export function backfillsContract(name: string, open: () => Promise<BackfillsWorld>): void {
  let count = 0
  describeContract(`backfills ${name}`, open, (tell) => {
    const story: typeof tell = (title, work) =>
      tell(title, async (world, environmentId) => {
        // Claims see every environment: what other stories left is taken first.
        while (await world.backfills.claim({ now: at + 1e12, until: at + 2e12, claim: 'others' }));
        await work(world, environmentId)
      })
    const backfillOf = (environmentId: string, backfill: Partial<Backfill> = {}): Backfill => ({
      ...{ id: `bkf_${++count}`, environmentId, connectionId: 'con_1', integrationId: 'int_1', provider: 'example' },
      ...{ stream: 'daily', firstDay: '2026-01-01', lastDay: '2026-03-31', state: 'waiting', fault: null, says: null },
      ...{ failures: 0, readyAt: at, pages: 0, calls: 0, written: 0, seenFrom: null, seenTo: null, actor: 'key:k' },
      ...{ createdAt: at, startedAt: null, endedAt: null },
      ...backfill,
    })
    const claim = (backfills: Backfills, name: string, now: number) =>
      backfills.claim({ now, until: now + minute, claim: name })

    story(
      'one comes back as it was made, and a second of the same stream is not made while it is open',
      async ({ backfills }, env) => {
        const first = backfillOf(env)
        assert.equal(await backfills.create(first, along), null)
        assert.deepEqual(await backfills.read(env, first.id), first)
        assert.deepEqual(await backfills.create(backfillOf(env), along), first)
        assert.equal(await backfills.create(backfillOf(env, { stream: 'videos' }), along), null)
        await backfills.move(env, first.id, { from: ['waiting'], to: 'cancelled', at }, along)
        assert.equal(await backfills.create(backfillOf(env), along), null)
        assert.equal(await backfills.read(`${env}_other`, first.id), null)
      },
    )

    story(
      'it is claimed by one, keeps its claim by reporting, and is taken over when that runs out',
      async ({ backfills }, env) => {
        const { id } = backfillOf(env)
        await backfills.create(backfillOf(env, { id, readyAt: at + 5 }), along)
        assert.equal(await claim(backfills, 'a', at), null)
        assert.partialDeepStrictEqual(await claim(backfills, 'a', at + 5), { id, state: 'running', startedAt: at + 5 })
        assert.equal(await claim(backfills, 'b', at + minute), null)
        const progress = { pages: 1, calls: 2, written: 3, seenFrom: '2026-01-05', seenTo: '2026-01-09' }
        assert.equal(await backfills.report(env, id, 'a', { ...progress, until: at + 2 * minute }), true)
        assert.equal(await backfills.report(env, id, 'b', { ...progress, pages: 9, until: at }), false)
        assert.equal(await claim(backfills, 'b', at + 2 * minute - 1), null)
        assert.partialDeepStrictEqual(await claim(backfills, 'b', at + 2 * minute), {
          id,
          ...progress,
          startedAt: at + 5,
        })
        const done = { state: 'done', fault: null, says: null, failures: 0, readyAt: at, endedAt: at + 9 } as const
        assert.equal(await backfills.release(env, id, 'a', done), false)
        assert.equal(await backfills.release(env, id, 'b', done, along), true)
        assert.partialDeepStrictEqual(await backfills.read(env, id), { state: 'done', endedAt: at + 9 })
        assert.equal(await claim(backfills, 'c', at + 1e9), null)
      },
    )

    story('what a person decides counts at once, whoever works on it', async ({ backfills }, env) => {
      const { id } = backfillOf(env)
      await backfills.create(backfillOf(env, { id }), along)
      await claim(backfills, 'a', at)
      const move = (from: Backfill['state'][], to: 'waiting' | 'paused' | 'cancelled') =>
        backfills.move(env, id, { from, to, at: at + 7 }, along)
      assert.equal(await move(['waiting', 'running'], 'paused'), 'moved')
      const progress = { pages: 1, calls: 2, written: 3, seenFrom: null, seenTo: null }
      assert.equal(await backfills.report(env, id, 'a', { ...progress, until: at + minute }), false)
      assert.equal(await claim(backfills, 'b', at + 1e9), null)
      assert.equal(await move(['running'], 'paused'), 'stale')
      assert.equal(await move(['paused'], 'waiting'), 'moved')
      assert.partialDeepStrictEqual(await claim(backfills, 'b', at + 7), { id, startedAt: at })
      assert.equal(await move(['running'], 'cancelled'), 'moved')
      assert.partialDeepStrictEqual(await backfills.read(env, id), { state: 'cancelled', endedAt: at + 7 })
    })

    story('one that failed is not resumed while another of its stream is open', async ({ backfills }, env) => {
      const failed = [backfillOf(env, { state: 'failed' }), backfillOf(env, { state: 'failed' })] as const
      for (const one of failed) assert.equal(await backfills.create(one, along), null)
      const move = ({ id }: Backfill, to: 'waiting' | 'paused' | 'cancelled') =>
        backfills.move(env, id, { from: ['failed', 'waiting', 'paused'], to, at }, along)
      const moved = await Promise.all(failed.map((one) => move(one, 'waiting')))
      assert.deepEqual(moved.toSorted(), ['another', 'moved'])
      const [open, other] = moved[0] === 'moved' ? failed : [failed[1], failed[0]]
      assert.equal(await move(open, 'paused'), 'moved')
      assert.equal(await move(other, 'waiting'), 'another')
      assert.deepEqual(await backfills.read(env, other.id), other)
      assert.equal(await move(open, 'waiting'), 'moved')
      assert.equal(await move(open, 'cancelled'), 'moved')
      assert.equal(await move(other, 'waiting'), 'moved')
      assert.equal(await backfills.move(env, 'bkf_nothing', { from: ['failed'], to: 'waiting', at }, along), 'stale')
    })

    story('the one that has been ready for longest is first', async ({ backfills }, env) => {
      const [late, early] = [
        backfillOf(env, { readyAt: at + 2 }),
        backfillOf(env, { stream: 'videos', readyAt: at + 1 }),
      ]
      for (const one of [late, early]) await backfills.create(one, along)
      assert.equal((await claim(backfills, 'a', at + 10))!.id, early.id)
      assert.equal((await claim(backfills, 'b', at + 10))!.id, late.id)
    })

    story(
      'what is over or paused can be forgotten after a while, and what goes on cannot',
      async ({ backfills }, env) => {
        const kinds = ['waiting', 'running', 'paused', 'cancelled', 'done', 'failed'] as const
        const ids = kinds.map((state) => `bkf_${state}_${env}`)
        for (const [i, state] of kinds.entries())
          await backfills.create(
            backfillOf(env, { id: ids[i], connectionId: `con_${state}`, state, readyAt: at }),
            along,
          )
        const found = async (before: number, limit = 9) =>
          (await backfills.untouched(env, { before, limit })).map(({ connectionId }) => connectionId)
        assert.deepEqual(await found(at), [])
        assert.deepEqual(await found(at + 1), ['con_cancelled', 'con_done', 'con_failed', 'con_paused'])
        assert.deepEqual(await found(at + 1, 2), ['con_cancelled', 'con_done'])
        assert.deepEqual(await backfills.untouched(`${env}_other`, { before: at + 1, limit: 9 }), [])
        // Somebody goes on with it after it was found.
        const [, , paused, , done] = ids
        await backfills.move(env, paused!, { from: ['paused'], to: 'waiting', at: at + 9 }, along)
        assert.equal(await backfills.forget(`${env}_other`, [done!], at + 1), 0)
        assert.equal(await backfills.forget(env, [done!, paused!, 'bkf_none'], at + 1), 1)
        assert.deepEqual(await found(at + 99), ['con_cancelled', 'con_failed'])
        assert.equal((await backfills.list(env, { limit: 9 })).length, 5)
      },
    )

    story('a list is newest first, page by page, of a connection or a state', async ({ backfills }, env) => {
      const ids = ['bkf_a', 'bkf_b', 'bkf_c'].map((id) => `${id}_${env}`)
      for (const [i, id] of ids.entries())
        await backfills.create(
          backfillOf(env, { id, stream: `s${i}`, connectionId: i === 2 ? 'con_2' : 'con_1' }),
          along,
        )
      const list = async (query: object) =>
        (await backfills.list(env, { limit: 9, ...query })).map(({ id }) => ids.indexOf(id))
      assert.deepEqual(await list({}), [2, 1, 0])
      assert.deepEqual(await list({ limit: 2 }), [2, 1])
      assert.deepEqual(await list({ before: ids[1] }), [0])
      assert.deepEqual(await list({ connectionId: 'con_1' }), [1, 0])
      await backfills.move(env, ids[0]!, { from: ['waiting'], to: 'paused', at }, along)
      assert.deepEqual(await list({ state: 'paused' }), [0])
      assert.deepEqual(await backfills.list(`${env}_other`, { limit: 9 }), [])
    })
  })
}
