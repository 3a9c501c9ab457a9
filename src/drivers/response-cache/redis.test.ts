import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { responseCacheContract } from '../../ports/response-cache.contract.ts'
import type { ResponseCache, ResponsePlace } from '../../ports/response-cache.ts'
import { systemClock } from '../clock/system.ts'
import { openRedisLink, RedisAway, type RedisLink } from '../limiter/redis-link.ts'
import { noRedis, startTestRedis, type TestRedis } from '../limiter/test-redis.ts'
import { openCapturedLog } from '../log/captured.ts'
import { SeededRandom } from '../random/seeded.ts'
import { openMemoryResponseCache } from './memory.ts'
import { openRedisResponseCache } from './redis.ts'

let server: TestRedis
let count = 0

suite('redis response cache', { skip: noRedis }, () => {
  before(async () => {
    server = await startTestRedis()
  })
  after(() => server.stop())

  responseCacheContract('in Redis', async () => {
    const links: RedisLink[] = []
    return {
      async open(limits) {
        links.push(await connected())
        return openRedisResponseCache(links.at(-1)!, limits)
      },
      async close() {
        for (const link of links) await link.close()
      },
    }
  })

  test('answers the same as memory to any sequence of questions', async () => {
    const link = await connected()
    const limits = { placeBytes: 60, allBytes: 200 }
    const [redis, memory] = [openRedisResponseCache(link, limits), openMemoryResponseCache(limits)]
    const random = new SeededRandom('response-cache', { now: () => 0 })
    /** As each of them said last, which may be over by now. */
    const epochs = new Map<string, string[]>()
    const upTo = (most: number) => Math.floor(random.unit() * most)
    let [found, late] = [0, 0]
    for (let step = 0, now = 1_000_000; step < 3_000; step++, now += upTo(20)) {
      const place = { environmentId: `env_${upTo(2)}`, connectionId: `con_${upTo(5)}` }
      const name = `n${upTo(4)}`
      const kind = random.unit()
      if (kind < 0.05) for (const cache of [redis, memory]) await cache.forget(place)
      else if (kind < 0.5) {
        // Far beyond what Redis could drop by its own clock meanwhile.
        const [text, until] = [String(step % 10).repeat(upTo(70)), now + 1 + upTo(10_000_000)]
        const [one = 'none', other = 'none'] = epochs.get(JSON.stringify(place)) ?? []
        const kept = await redis.put(place, name, text, { now, until, epoch: one })
        assert.equal(kept, await memory.put(place, name, text, { now, until, epoch: other }), `step ${step}`)
        if (!kept && text.length <= 60) late++
      } else {
        const [one, other] = [await redis.get(place, name, now), await memory.get(place, name, now)]
        assert.equal(one.text, other.text, `step ${step}`)
        epochs.set(JSON.stringify(place), [one.epoch!, other.epoch!])
        if (one.text !== null) found++
      }
    }
    assert.ok(late > 50, `only ${late} were late`)
    assert.ok(found > 200, `only ${found} were found`)
    await link.close()
  })

  test('goes on where Redis threw away one of its books', async () => {
    for (const book of ['sizes', 'total', 'order', 'count']) {
      const link = await connected()
      const cache = openRedisResponseCache(link, { placeBytes: 100, allBytes: 150 })
      const put = (id: string) => keep(cache, { environmentId: 'env_1', connectionId: id }, 'x'.repeat(80))
      await put('con_1')
      const text = `return redis.call('DEL', KEYS[1] .. 'response:${book}')`
      await link.run({ text, sha1: createHash('sha1').update(text).digest('hex') }, [])
      for (const id of ['con_2', 'con_3', 'con_4']) await put(id)
      assert.ok(link.reached, book)
      assert.equal((await cache.get({ environmentId: 'env_1', connectionId: 'con_4' }, 'a', 2)).text?.length, 80, book)
      await link.close()
    }
  })

  test('an epoch that Redis threw away is over, as one is that another process ended', async () => {
    const place = { environmentId: 'env_1', connectionId: 'con_1' }
    const [link, other] = [await connected('test_shared'), await connected('test_shared')]
    const [here, there] = [openRedisResponseCache(link), openRedisResponseCache(other)]
    const text = `return redis.call('DEL', KEYS[1] .. 'response:epoch:env_1 con_1')`
    const script = { text, sha1: createHash('sha1').update(text).digest('hex') }
    for (const end of [() => there.forget(place), () => link.run(script, [])]) {
      const { epoch } = await here.get(place, 'a', 1)
      assert.equal((await there.get(place, 'a', 1)).epoch, epoch)
      await end()
      assert.equal(await here.put(place, 'a', 'old', { now: 1, until: 60_000, epoch: epoch! }), false)
      assert.notEqual((await there.get(place, 'a', 1)).epoch, epoch)
      assert.equal(await here.put(place, 'a', 'old', { now: 1, until: 60_000, epoch: epoch! }), false)
    }
    for (const one of [link, other]) await one.close()
  })

  test('a change that Redis did not hear of is told before anything of that connection is read again', async () => {
    let away = false
    const link = await connected()
    const shaky: RedisLink = {
      ...link,
      run: (script, parameters) => (away ? Promise.reject(new RedisAway('away')) : link.run(script, parameters)),
    }
    const [cache, place] = [openRedisResponseCache(shaky), { environmentId: 'env_1', connectionId: 'con_1' }]
    await keep(cache, place, 'old')
    const { epoch } = await cache.get(place, 'a', 2)
    away = true
    await cache.forget(place)
    assert.deepEqual(await cache.get(place, 'a', 2), { text: null, epoch: null })
    away = false
    assert.equal(await cache.put(place, 'b', 'old', { now: 1, until: 60_000, epoch: epoch! }), false)
    assert.equal((await cache.get(place, 'a', 2)).text, null)
    await keep(cache, place, 'new')
    assert.equal((await cache.get(place, 'a', 2)).text, 'new')
    await link.close()
  })
})

async function keep(cache: ResponseCache, place: ResponsePlace, text: string): Promise<void> {
  const { epoch } = await cache.get(place, 'a', 1)
  assert.equal(await cache.put(place, 'a', text, { now: 1, until: 60_000, epoch: epoch! }), true)
}

/** With names that nobody else has, unless it is said whose. */
async function connected(installation = `test_${++count}`): Promise<RedisLink> {
  const { url } = server
  const link = openRedisLink({ url, installation, answerMs: 10_000, clock: systemClock, log: openCapturedLog() })
  assert.ok(await link.connect(), 'no connection')
  return link
}
