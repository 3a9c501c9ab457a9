import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { responseCacheContract } from '../../ports/response-cache.contract.ts'
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
    const upTo = (most: number) => Math.floor(random.unit() * most)
    let found = 0
    for (let step = 0, now = 1_000_000; step < 3_000; step++, now += upTo(20)) {
      const place = { environmentId: `env_${upTo(2)}`, connectionId: `con_${upTo(5)}` }
      const name = `n${upTo(4)}`
      const kind = random.unit()
      if (kind < 0.05) for (const cache of [redis, memory]) await cache.forget(place)
      else if (kind < 0.5) {
        // Far beyond what Redis could drop by its own clock meanwhile.
        const [text, until] = [String(step % 10).repeat(upTo(70)), now + 1 + upTo(10_000_000)]
        for (const cache of [redis, memory]) await cache.put(place, name, text, { now, until })
      } else {
        const [one, other] = [await redis.get(place, name, now), await memory.get(place, name, now)]
        assert.equal(one, other, `step ${step}`)
        if (one !== null) found++
      }
    }
    assert.ok(found > 200, `only ${found} were found`)
    await link.close()
  })

  test('a change that Redis did not hear of is told before anything of that connection is read again', async () => {
    let away = false
    const link = await connected()
    const shaky: RedisLink = {
      ...link,
      run: (script, parameters) => (away ? Promise.reject(new RedisAway('away')) : link.run(script, parameters)),
    }
    const [cache, place] = [openRedisResponseCache(shaky), { environmentId: 'env_1', connectionId: 'con_1' }]
    await cache.put(place, 'a', 'old', { now: 1, until: 60_000 })
    away = true
    await cache.forget(place)
    assert.equal(await cache.get(place, 'a', 2), null)
    away = false
    assert.equal(await cache.get(place, 'a', 2), null)
    await cache.put(place, 'a', 'new', { now: 1, until: 60_000 })
    assert.equal(await cache.get(place, 'a', 2), 'new')
    await link.close()
  })
})

/** With names that nobody else has. */
async function connected(): Promise<RedisLink> {
  const { url } = server
  const installation = `test_${++count}`
  const link = openRedisLink({ url, installation, answerMs: 10_000, clock: systemClock, log: openCapturedLog() })
  assert.ok(await link.connect(), 'no connection')
  return link
}
