import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { limiterContract } from '../../ports/limiter.contract.ts'
import { systemClock } from '../clock/system.ts'
import { openCapturedLog } from '../log/captured.ts'
import { openRedisLimiter } from './redis.ts'
import { openRedisLink, type RedisLink } from './redis-link.ts'
import { noRedis, startTestRedis, type TestRedis } from './test-redis.ts'
import { checkAnswersAsMemory } from './test-sequences.ts'

let server: TestRedis
let count = 0

suite('redis limiter', { skip: noRedis }, () => {
  before(async () => {
    server = await startTestRedis()
  })
  after(() => server.stop())

  limiterContract('redis', async () => {
    const link = await open()
    return { limiter: openRedisLimiter(link), close: () => link.close() }
  })

  suite('beside the memory limiter', () => {
    let link: RedisLink
    before(async () => {
      link = await open()
    })
    after(() => link.close())

    test('answers the same to any sequence of questions', () => checkAnswersAsMemory(openRedisLimiter(link)))
  })
})

/** Connected, with names that nobody else has. */
async function open(): Promise<RedisLink> {
  const link = openRedisLink({
    url: server.url,
    installation: `test_${++count}`,
    answerMs: 10_000,
    clock: systemClock,
    log: openCapturedLog(),
  })
  assert.ok(await link.connect(), 'no connection')
  return link
}
