import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { type IncomingMessage, request as sendRequest } from 'node:http'
import { after, before, test } from 'node:test'
import { type Front, openFront } from './test-front.ts'
import { consentProvider, startTestServer, type TestServer } from './test-server.ts'

const megabyte = 1024 * 1024
const size = 100 * megabyte
const atOnce = 4
/** Both ends, the server between them and what the collector has not got round to. Kept anywhere, all of it would be four times as much. */
const mostGrowth = 160 * megabyte

const base = new URL(consentProvider.api.baseUrl)
const piece = randomBytes(64 * 1024)
const expected = hashOf(size)

let server: TestServer
let front: Front
let connection: string
before(async () => {
  server = await startTestServer({
    front: async (sandboxUrl) => {
      front = await openFront(sandboxUrl, base)
      return front
    },
  })
  connection = (await server.connect(consentProvider)).id
})
after(() => server.stop())

test('four times a hundred megabytes come down at once in flat memory, unchanged', async () => {
  front.answers.set('film', async (reply) => {
    reply.writeHead(200, { 'content-type': 'video/mp4' }).setMaxListeners(0)
    await write(reply)
    reply.end()
  })
  const growth = await growthOf(async () => {
    const read = await Promise.all(
      Array.from({ length: atOnce }, async (_, nth) => readHash(await answerOf(open('GET', `film?nth=${nth}`).end()))),
    )
    for (const hash of read) assert.equal(hash, expected)
  })
  assert.ok(growth < mostGrowth, `it took ${Math.round(growth / megabyte)} MB`)
})

test('four times a hundred megabytes go up at once in flat memory, unchanged', async () => {
  const taken: string[] = []
  front.answers.set('upload', async (reply, request) => {
    taken.push(await readHash(request))
    reply.writeHead(201).end('{}')
  })
  const growth = await growthOf(async () => {
    const statuses = await Promise.all(
      Array.from({ length: atOnce }, async () => {
        const request = open('PUT', 'upload', { 'content-type': 'video/mp4', 'content-length': String(size) })
        const answered = answerOf(request)
        await write(request)
        request.end()
        const answer = await answered
        answer.resume()
        return answer.statusCode
      }),
    )
    assert.deepEqual(statuses, Array(atOnce).fill(201))
  })
  assert.deepEqual(taken, Array(atOnce).fill(expected))
  assert.ok(growth < mostGrowth, `it took ${Math.round(growth / megabyte)} MB`)
})

/** By how much more memory of all kinds is in use at the most while `work` runs. */
async function growthOf(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 20)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return Math.max(most, process.memoryUsage.rss()) - before
}

function open(method: string, name: string, headers: Record<string, string> = {}) {
  return sendRequest(`${server.url}/v1/proxy/${connection}/x-test/${name}`, {
    method,
    headers: { authorization: `Bearer ${server.keys.test}`, ...headers },
  })
}

function answerOf(request: ReturnType<typeof open>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => request.once('response', resolve).once('error', reject))
}

async function write(to: NodeJS.WritableStream): Promise<void> {
  for (let written = 0; written < size; written += piece.length)
    if (!to.write(piece)) await new Promise((resolve) => to.once('drain', resolve))
}

async function readHash(from: IncomingMessage): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of from) hash.update(bytes)
  return hash.digest('hex')
}

function hashOf(bytes: number): string {
  const hash = createHash('sha256')
  for (let done = 0; done < bytes; done += piece.length) hash.update(piece)
  return hash.digest('hex')
}
