import assert from 'node:assert/strict'
import { describeContract } from './contract.ts'
import type { ResponseCache, ResponseLimits } from './response-cache.ts'

interface ResponseCacheWorld {
  /** With those limits, and nothing in it. */
  open(limits: ResponseLimits): Promise<ResponseCache>
  close(): Promise<void>
}

const limits: ResponseLimits = { placeBytes: 100, allBytes: 250 }
const now = 1_000_000
const inAMinute = now + 60_000

/** What every keeper of answers owes. */
export function responseCacheContract(name: string, open: () => Promise<ResponseCacheWorld>): void {
  describeContract(`response cache ${name}`, open, (story) => {
    const cacheOf = async (world: ResponseCacheWorld, environmentId: string) => {
      const cache = await world.open(limits)
      const place = (connectionId: string) => ({ environmentId, connectionId })
      return {
        cache,
        place,
        async put(connectionId: string, name: string, text: string, until = inAMinute) {
          const { epoch } = await cache.get(place(connectionId), name, now)
          return cache.put(place(connectionId), name, text, { now, until, epoch: epoch! })
        },
        get: async (connectionId: string, name: string, at = now) =>
          (await cache.get(place(connectionId), name, at)).text,
      }
    }

    story('what was put is there until it runs out, as it was', async (world, environmentId) => {
      const { put, get } = await cacheOf(world, environmentId)
      assert.equal(await get('con_1', 'a'), null)
      assert.equal(await put('con_1', 'a', '12 34 =+/'), true)
      await put('con_1', 'empty', '')
      assert.equal(await get('con_1', 'a'), '12 34 =+/')
      assert.equal(await get('con_1', 'empty'), '')
      assert.equal(await get('con_1', 'a', inAMinute - 1), '12 34 =+/')
      assert.equal(await get('con_1', 'a', inAMinute), null)
      assert.equal(await get('con_1', 'b'), null)
    })

    story('T21: it is there for that connection of that environment only', async (world, environmentId) => {
      const { cache, put, get } = await cacheOf(world, environmentId)
      await put('con_1', 'a', 'mine')
      assert.equal(await get('con_2', 'a'), null)
      assert.equal((await cache.get({ environmentId: 'env_other', connectionId: 'con_1' }, 'a', now)).text, null)
      await cache.forget({ environmentId: 'env_other', connectionId: 'con_1' })
      assert.equal(await get('con_1', 'a'), 'mine')
    })

    story('the later one takes the place of the earlier', async (world, environmentId) => {
      const { put, get } = await cacheOf(world, environmentId)
      await put('con_1', 'a', 'x'.repeat(80))
      await put('con_1', 'a', 'y'.repeat(90), now + 5)
      assert.equal(await get('con_1', 'a'), 'y'.repeat(90))
      assert.equal(await get('con_1', 'a', now + 5), null)
      await put('con_1', 'b', 'z'.repeat(10))
      assert.equal(await get('con_1', 'b'), 'z'.repeat(10))
    })

    story('a connection that is forgotten has nothing, and others have', async (world, environmentId) => {
      const { cache, place, put, get } = await cacheOf(world, environmentId)
      for (const name of ['a', 'b']) await put('con_1', name, name)
      await put('con_2', 'a', 'theirs')
      await cache.forget(place('con_1'))
      await cache.forget(place('con_nothing'))
      assert.deepEqual(
        [await get('con_1', 'a'), await get('con_1', 'b'), await get('con_2', 'a')],
        [null, null, 'theirs'],
      )
      await put('con_1', 'a', 'again')
      assert.equal(await get('con_1', 'a'), 'again')
    })

    story('what was asked for before a connection was forgotten is not kept after it', async (world, environmentId) => {
      const { cache, place, put, get } = await cacheOf(world, environmentId)
      const epochOf = async (connectionId: string) => (await cache.get(place(connectionId), 'a', now)).epoch!
      const keep = (connectionId: string, name: string, epoch: string) =>
        cache.put(place(connectionId), name, 'late', { now, until: inAMinute, epoch })
      const [early, others] = [await epochOf('con_1'), await epochOf('con_2')]
      assert.equal(await epochOf('con_1'), early)
      await cache.forget(place('con_1'))
      assert.deepEqual([await keep('con_1', 'a', early), await get('con_1', 'a')], [false, null])
      const next = await epochOf('con_1')
      assert.notEqual(next, early)
      // Nobody asked in between.
      await cache.forget(place('con_1'))
      for (const over of [early, next, 'made up']) assert.equal(await keep('con_1', 'a', over), false)
      assert.equal(await put('con_1', 'a', 'again'), true)
      assert.equal(await keep('con_1', 'b', early), false)
      assert.deepEqual([await get('con_1', 'a'), await get('con_1', 'b')], ['again', null])
      assert.deepEqual([await keep('con_2', 'a', others), await get('con_2', 'a')], [true, 'late'])
    })

    story('what goes because there is too much does not end an epoch', async (world, environmentId) => {
      const { cache, place, put, get } = await cacheOf(world, environmentId)
      const { epoch } = await cache.get(place('con_1'), 'a', now)
      for (const id of ['con_1', 'con_2', 'con_3', 'con_4']) await put(id, 'a', 'x'.repeat(80))
      assert.equal(await get('con_1', 'a'), null)
      assert.equal(await cache.put(place('con_1'), 'a', 'y', { now, until: inAMinute, epoch: epoch! }), true)
      assert.equal(await get('con_1', 'a'), 'y')
    })

    story(
      'a connection that has too much begins anew, and what is too long is not kept',
      async (world, environmentId) => {
        const { put, get } = await cacheOf(world, environmentId)
        await put('con_1', 'a', 'a'.repeat(60))
        await put('con_1', 'b', 'b'.repeat(40))
        assert.equal(await get('con_1', 'a'), 'a'.repeat(60))
        await put('con_1', 'c', 'c')
        assert.deepEqual([await get('con_1', 'a'), await get('con_1', 'b'), await get('con_1', 'c')], [null, null, 'c'])
        assert.equal(await put('con_1', 'd', 'd'.repeat(101)), false)
        assert.deepEqual([await get('con_1', 'c'), await get('con_1', 'd')], ['c', null])
      },
    )

    story('when all have too much, whose last was kept longest ago go', async (world, environmentId) => {
      const { put, get } = await cacheOf(world, environmentId)
      for (const id of ['con_1', 'con_2', 'con_3']) await put(id, 'a', id.at(-1)!.repeat(80))
      await put('con_1', 'b', 'x')
      await put('con_4', 'a', '4'.repeat(50))
      const kept = await Promise.all(['con_1', 'con_2', 'con_3', 'con_4'].map((id) => get(id, 'a')))
      assert.deepEqual(
        kept.map((text) => text?.[0] ?? null),
        ['1', null, '3', '4'],
      )
      // What went counts no more.
      for (let nth = 0; nth < 20; nth++) await put('con_4', `n${nth % 3}`, 'n'.repeat(10))
      assert.equal(await get('con_3', 'a'), '3'.repeat(80))
    })
  })
}
