import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { createClient } from '@redis/client'
import { noRedis, startTestRedis, type TestRedis } from './drivers/limiter/test-redis.ts'
import { openCapturedLog } from './drivers/log/captured.ts'
import { type RunningServer, startServer } from './start-server.ts'
import { type Front, openFront } from './test-front.ts'
import { consentProvider, providers, startTestServer, type TestServer, until } from './test-server.ts'

const base = new URL(consentProvider.api.baseUrl)

suite('two servers with one Redis', { skip: noRedis }, () => {
  let redis: TestRedis
  let server: TestServer
  let beside: RunningServer
  let front: Front
  let path: string
  const log = openCapturedLog()
  before(async () => {
    redis = await startTestRedis()
    server = await startTestServer({
      front: async (sandboxUrl) => {
        front = await openFront(sandboxUrl, base)
        return front
      },
      env: () => ({ REDIS_URL: redis.url }),
    })
    beside = await startServer(server.config, providers, { demo: false, log: { log, registerSecret: () => {} } })
    const { id } = await server.connect(consentProvider)
    const root = `/v1/proxy/${id}/x-test/`
    front.answers.set('reached', (reply) => reply.writeHead(200).end('yes'))
    path = `${root}reached`
    // Where a connection takes too long, as on a machine that does much else, it is tried again when somebody asks.
    for (const { url } of [server, beside]) await until(async () => (await ask(url)) === 'yes hit')
    path = `${root}kept`
    let calls = 0
    front.answers.set('kept', (reply) => reply.writeHead(200).end(`{"private":"of call ${++calls}"}`))
  })
  after(async () => {
    await beside.stop()
    await server.stop()
    await redis.stop()
  })

  const ask = async (url: string, method = 'GET') => {
    const headers = { authorization: `Bearer ${server.keys.test}`, 'patchbay-max-age': '600' }
    const answer = await fetch(url + path, { method, headers })
    return `${await answer.text()} ${answer.headers.get('cache-status')?.split('; ')[1]}`
  }

  test('what one was told the other gives, until something is written through either', async () => {
    assert.equal(await ask(server.url), '{"private":"of call 1"} fwd=miss')
    assert.equal(await ask(beside.url), '{"private":"of call 1"} hit')
    await ask(beside.url, 'POST')
    assert.equal(await ask(server.url), '{"private":"of call 3"} fwd=miss')
    assert.equal(await ask(beside.url), '{"private":"of call 3"} hit')
  })

  test('what lies in Redis can be read by nobody who has only that', async () => {
    const client = createClient({ url: redis.url })
    await client.connect()
    const names = await client.keys('*response:of:*')
    assert.equal(names.length, 1)
    const texts = Object.values(await client.hGetAll(names[0]!))
    assert.ok(texts.length > 0)
    for (const text of texts) {
      assert.match(text, /^\d+ pb1\./)
      assert.ok(!Buffer.from(text.split('.').at(-1)!, 'base64url').includes('private'))
    }
    client.destroy()
  })

  test('F84: while Redis is away every answer comes from its platform', async () => {
    redis.signal('SIGKILL')
    assert.match(await ask(server.url), /of call 4"\} fwd=miss$/)
    assert.match(await ask(server.url), /of call 5"\} fwd=miss$/)
    await ask(beside.url, 'POST')
    assert.ok(log.lines.some(({ event }) => event === 'response.redis_away'))
  })
})
