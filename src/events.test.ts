import assert from 'node:assert/strict'
import { request as requestHttp } from 'node:http'
import { after, before, test } from 'node:test'
import type { PatchbayError } from '@patchbay/sdk'
import { Webhook } from 'standardwebhooks'
import { openHttpServer } from './drivers/network/test-server.ts'
import { startTestServer, type TestServer, until } from './test-server.ts'

/** Events out of the real server: its API, PostgreSQL, its sender, a receiver on this machine. */
let server: TestServer
let receiver: Awaited<ReturnType<typeof openHttpServer>>
const requests: { headers: Record<string, string>; body: string; path: string }[] = []
let answer = 204

before(async () => {
  receiver = await openHttpServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const headers = request.headers as Record<string, string>
    requests.push({ headers, body: Buffer.concat(pieces).toString(), path: request.url! })
    response.writeHead(answer).end('said so')
  })
  server = await startTestServer()
})
after(async () => {
  await server?.stop()
  await receiver?.close()
})

const write = (count: number, environment = server.environments.test) => {
  const { deps } = server.engine
  const ids = Array.from({ length: count }, () => deps.random.id('evt'))
  const events = ids.map((id) => ({ id, type: 'channel.recovered', data: { channel: 'chn_1' } }))
  return deps.journal.note(environment.id, { at: deps.clock.now(), actor: 'system', events }).then(() => ids)
}
const receivedOn = (path: string) =>
  requests.filter((one) => one.path === path).map(({ headers }) => headers['webhook-id']!)

test('an event goes signed to the endpoint of its environment, whose secret stands nowhere', async () => {
  const api = server.client()
  const made = await api.endpoints.create({ url: `${receiver.origin}/all`, description: 'All' })
  const filtered = await api.endpoints.create({ url: `${receiver.origin}/some`, types: ['connection.*'] })
  assert.match(made.secret!, /^whsec_/)
  const ids = await write(3)
  await write(1, server.environments.other)
  await until(() => receivedOn('/all').length >= 3)
  assert.deepEqual(receivedOn('/all').sort(), ids.sort())
  assert.deepEqual(receivedOn('/some'), [])
  const { headers, body } = requests[0]!
  assert.equal((new Webhook(made.secret!).verify(body, headers) as { type: string }).type, 'channel.recovered')

  await until(async () => (await api.deliveries.list({ state: 'delivered' })).data.length === 3)
  const { data } = await api.deliveries.list({ endpoint: made.id, limit: 2 })
  assert.equal(data.length, 2)
  assert.deepEqual([data[0]!.state, data[0]!.tries[0]!.status, data[0]!.tries[0]!.response], ['delivered', 204, ''])
  assert.deepEqual((await api.deliveries.list({ endpoint: filtered.id })).data, [])
  const listed = await api.endpoints.list()
  assert.equal('secret' in listed.data[0]!, false)
  const rotated = await api.endpoints.rotate({ id: made.id })
  assert.equal(rotated.signing.length, 2)
  const dump = [...(await server.dump()).values()].join('\n') + server.lines.join('\n')
  for (const secret of [made.secret!, rotated.secret!, filtered.secret!]) assert.ok(!dump.includes(secret.slice(6)))
})

test('what an endpoint refuses is seen, sent again on demand, and recovered', async () => {
  const api = server.client()
  const { data: all } = await api.endpoints.list()
  for (const { id } of all) await api.endpoints.remove({ id })
  requests.length = 0
  answer = 410
  const gone = await api.endpoints.create({ url: `${receiver.origin}/gone` })
  const [first] = await write(1)
  await until(async () => !(await api.endpoints.read({ id: gone.id })).enabled)
  assert.equal((await api.endpoints.read({ id: gone.id })).disabled?.reason, 'gone')
  const [second] = await write(1)
  const tasks = await api.tasks.list({ kind: 'repair_endpoint' })
  assert.equal(tasks.data.length, 1)
  await assert.rejects(api.endpoints.recover({ id: gone.id, since: new Date(0).toISOString() }), /switched off/)
  answer = 200
  const test = await api.endpoints.test({ id: gone.id })
  assert.deepEqual([test.works, test.tried.response], [true, 'said so'])
  await api.endpoints.change({ id: gone.id, enabled: true })
  const since = new Date(Date.now() - 60_000).toISOString()
  assert.ok((await api.endpoints.recover({ id: gone.id, since })).recovered >= 1)
  await until(async () => (await api.deliveries.list({ endpoint: gone.id, state: 'waiting' })).data.length === 0)
  for (const id of [first!, second!]) assert.ok(receivedOn('/gone').includes(id))
  const before = receivedOn('/gone').filter((id) => id === second).length
  const resent = await api.deliveries.resend({ id: `${second}.${gone.id}` })
  assert.equal(resent.event, second)
  await until(() => receivedOn('/gone').filter((id) => id === second).length === before + 1)
  assert.equal((await api.tasks.list({ kind: 'repair_endpoint', state: 'open' })).data.length, 0)
})

test('addresses that may not be asked are refused in words that say who can allow them', async () => {
  const live = server.client(server.keys.live)
  for (const url of [
    `${receiver.origin}/in`,
    'https://10.0.0.1/',
    'http://example.com/',
    'https://a:b@example.com/',
    'nonsense',
  ])
    await assert.rejects(live.endpoints.create({ url }), (error: PatchbayError) => {
      assert.equal(error.problem.code, 'input.invalid', url)
      assert.match(error.problem.detail, /PATCHBAY_EGRESS_ALLOW by who runs this server/)
      return true
    })
  await assert.rejects(server.client().endpoints.create({ url: 'http://192.168.0.1:3000/' }), /PATCHBAY_EGRESS_ALLOW/)
})

test('T37: each is of its environment', async () => {
  const [own, other] = [server.client(), server.client(server.keys.other)]
  const { id } = await own.endpoints.create({ url: `${receiver.origin}/own` })
  for (const refused of [
    () => other.endpoints.read({ id }),
    () => other.endpoints.change({ id, enabled: false }),
    () => other.endpoints.rotate({ id }),
    () => other.endpoints.test({ id }),
    () => other.endpoints.recover({ id, since: new Date().toISOString() }),
    () => other.endpoints.remove({ id }),
    () => other.deliveries.resend({ id: `evt_1.${id}` }),
    () => other.deliveries.resend({ id: 'nonsense' }),
  ])
    await assert.rejects(refused(), (error: PatchbayError) => error.problem.code === 'input.unknown')
  assert.deepEqual((await other.endpoints.list()).data, [])
  assert.deepEqual((await other.deliveries.list()).data, [])
})

test('the catalogue is served, and is in the OpenAPI document', async () => {
  const { data } = await server.client().eventTypes.list()
  const { json } = await server.ask('GET', '/openapi.json')
  assert.deepEqual(
    Object.keys(json.webhooks),
    data.map(({ type }) => type),
  )
  assert.ok(json.webhooks['connection.created'].post.requestBody.content['application/json'].schema.properties.data)
})

type StreamProblem = { code: string; field: string; detail: string }

/** Reads a stream until `enough` of its events are there. */
async function readStream(query: string, enough: number, headers: Record<string, string> = {}) {
  const stopping = new AbortController()
  const response = await fetch(`${server.url}/v1/events/stream${query}`, {
    headers: { authorization: `Bearer ${server.keys.test}`, ...headers },
    signal: stopping.signal,
  })
  const events: { id: string; type: string; event: string }[] = []
  if (response.status !== 200)
    return { status: response.status, problem: (await response.json()) as StreamProblem, events, text: '' }
  let text = ''
  for await (const piece of response.body!) {
    text += Buffer.from(piece).toString()
    const frames = [...text.matchAll(/^id: (\d+)\ndata: (.*)\n\n/gm)]
    if (frames.length < enough) continue
    for (const [, id, data] of frames.slice(0, enough))
      events.push({ id: id!, type: JSON.parse(data!).type, event: JSON.parse(data!).id })
    break
  }
  stopping.abort()
  return { status: 200, problem: null, events, text }
}

test('the stream gives events as they come, and goes on where a reader stopped', async () => {
  const { head } = await server.engine.deps.deliveries.places(server.environments.test.id)
  const reading = readStream(`?types=channel.*&after=${head}`, 3)
  const ids = await write(3)
  await write(2, server.environments.other)
  const { events, text } = await reading
  assert.deepEqual(
    events.map(({ event }) => event),
    ids,
  )
  assert.match(text, /^retry: 1000\nid: \d+\n: patchbay\n\n/)
  const more = await write(2)
  const resumed = await readStream('', 4, { 'last-event-id': events[0]!.id })
  assert.deepEqual(
    resumed.events.map(({ event }) => event),
    [...ids.slice(1), ...more],
  )
  const again = await readStream(`?after=${events[2]!.id}`, 2)
  assert.deepEqual(
    again.events.map(({ event }) => event),
    more,
  )
})

test('a place that was forgotten, or never was, is said to be so', async () => {
  assert.equal((await server.ask('HEAD', '/v1/events/stream')).status, 404)
  for (const after of ['99999999', 'x', '-1'])
    assert.equal((await readStream(`?after=${after}`, 1)).problem?.code, 'input.invalid', after)
  assert.equal((await readStream('?types=nobody.*', 1)).problem?.field, 'types')
  const { deps } = server.engine
  const { id } = server.environments.test
  const [first] = await deps.deliveries.eventsAfter(id, { after: 0, limit: 1 })
  const now = deps.clock.now()
  await deps.deliveries.sweep(id, { failed: 0, events: now + 60_000 })
  const ids = await write(1)
  const { status, problem } = await readStream(`?after=${first!.position}`, 1)
  assert.deepEqual([status, problem?.code], [410, 'input.expired'])
  assert.match(problem!.detail, /Begin with after=\d+/)
  const all = await readStream('?after=0', 1)
  assert.deepEqual(
    all.events.map(({ event }) => event),
    ids,
  )
})

test('streams are bounded, and each that ends makes room', async () => {
  const stopping = new AbortController()
  const open = () =>
    fetch(`${server.url}/v1/events/stream`, {
      headers: { authorization: `Bearer ${server.keys.live}` },
      signal: stopping.signal,
    })
  const all = await Promise.all(Array.from({ length: 51 }, open))
  assert.deepEqual(
    all.filter(({ status }) => status !== 200).map(({ status }) => status),
    [429],
  )
  stopping.abort()
  await until(async () => {
    const one = new AbortController()
    const { status } = await fetch(`${server.url}/v1/events/stream`, {
      headers: { authorization: `Bearer ${server.keys.live}` },
      signal: one.signal,
    })
    one.abort()
    return status === 200
  })
})

interface Told {
  readonly place: string
  readonly event?: { id: string; type: string }
}

/** Reads over a WebSocket until `enough` events are there. `first` is what comes before any. */
async function readSocket(query: string, enough: number) {
  const socket = openSocket(query)
  let first: Told | undefined
  const told: Told[] = []
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('error', () => reject(new Error('the socket broke')))
    socket.addEventListener('message', ({ data }) => {
      const one = JSON.parse(String(data)) as Told
      first ??= one
      if (one.event) told.push(one)
      if (told.length >= enough) resolve()
    })
  })
  socket.close()
  return { first, told, ids: told.map(({ event }) => event!.id) }
}

function openSocket(query = '', key = server.keys.test, url = server.url) {
  const headers = { authorization: `Bearer ${key}` }
  return new WebSocket(`${url.replace('http', 'ws')}/v1/events/stream${query}`, { headers } as never)
}

/** Asks for an upgrade, and gives what HTTP answers. */
async function handshake(
  path: string,
  {
    method = 'GET',
    body = '',
    ...headers
  }: { method?: string; body?: string; upgrade?: string; [header: string]: string | undefined } = {},
): Promise<{ status: number; json: StreamProblem | null }> {
  return new Promise((resolve, reject) => {
    const asking = requestHttp(`${server.url}${path}`, {
      method,
      headers: {
        ...{ authorization: `Bearer ${server.keys.test}`, connection: 'upgrade', upgrade: 'websocket' },
        ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
        ...headers,
      },
    })
    asking.on('error', reject)
    asking.on('upgrade', (_, socket) => {
      socket.destroy()
      resolve({ status: 101, json: null })
    })
    asking.on('response', async (response) => {
      const pieces: Buffer[] = []
      for await (const piece of response) pieces.push(piece as Buffer)
      const text = Buffer.concat(pieces).toString()
      const isJson = response.headers['content-type']?.includes('json')
      resolve({ status: response.statusCode!, json: isJson ? JSON.parse(text) : null })
    })
    asking.end(body)
  })
}

test('over a WebSocket the stream is the same: the same filters, places and resumption', async () => {
  const { head } = await server.engine.deps.deliveries.places(server.environments.test.id)
  const reading = readSocket(`?types=channel.*&after=${head}`, 3)
  const ids = await write(3)
  await write(2, server.environments.other)
  const { first, told, ids: read } = await reading
  assert.deepEqual(first, { place: String(head) })
  assert.deepEqual(read, ids)
  const inHttp = await readStream(`?after=${head}`, 3)
  assert.deepEqual(
    told.map(({ place, event }) => [place, event!.id]),
    inHttp.events.map(({ id, event }) => [id, event]),
  )
  // More than a page, of which the reader comes back in the middle.
  const more = await write(250)
  const resumed = await readSocket(`?after=${told[0]!.place}`, 252)
  assert.deepEqual(resumed.ids, [...ids.slice(1), ...more])
  assert.deepEqual((await readSocket(`?after=${resumed.told[99]!.place}`, 152)).ids, resumed.ids.slice(100))
  assert.deepEqual((await readSocket(`?after=${head}&profile=nobody`, 0)).ids, [])
})

test('who is refused a WebSocket hears why in HTTP', async () => {
  const check = async (path: string, more: Parameters<typeof handshake>[1], status: number, code: string) => {
    const { status: answered, json } = await handshake(path, more)
    assert.deepEqual([answered, json?.code], [status, code], path)
  }
  await check('/v1/events/stream', { authorization: 'Bearer nobody' }, 401, 'input.unauthenticated')
  await check('/v1/events/stream?after=99999999', {}, 422, 'input.invalid')
  await check('/v1/events/stream?types=nobody.*', {}, 422, 'input.invalid')
  await check('/v1/events/stream?after=1', {}, 410, 'input.expired')
  await check('/v1/events/streams', {}, 404, 'input.unknown')
  assert.equal((await handshake('/v1/events/stream')).status, 101)
})

test('whoever offers another protocol with an ordinary request gets the ordinary answer', async () => {
  const body = JSON.stringify({ url: `${receiver.origin}/upgraded` })
  const about = { method: 'POST', body, upgrade: 'h2c', 'content-type': 'application/json' }
  assert.equal((await handshake('/v1/endpoints', about)).status, 201)
  assert.equal((await handshake('/v1/endpoints', { ...about, upgrade: 'websocket' })).status, 201)
  assert.equal((await handshake('/v1/endpoints', { upgrade: 'websocket' })).status, 200)
})

test('both kinds of streams share their limit, and a handshake that fails makes room as well', async () => {
  const live = { authorization: `Bearer ${server.keys.live}` }
  for (let n = 0; n < 60; n++)
    assert.equal((await handshake('/v1/events/stream', { ...live, 'sec-websocket-key': 'no key' })).status, 400)
  const stopping = new AbortController()
  const inHttp = await Promise.all(
    Array.from({ length: 20 }, () =>
      fetch(`${server.url}/v1/events/stream`, { headers: live, signal: stopping.signal }),
    ),
  )
  assert.ok(inHttp.every(({ ok }) => ok))
  const sockets = Array.from({ length: 30 }, () => openSocket('', server.keys.live))
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.addEventListener('open', resolve))))
  const { status, json } = await handshake('/v1/events/stream', live)
  assert.deepEqual([status, json?.code], [429, 'input.throttled'])
  sockets[0]!.close()
  await until(async () => (await handshake('/v1/events/stream', live)).status === 101)
  for (const socket of sockets) socket.close()
  stopping.abort()
})

test('a socket whose reader speaks is closed with a reason', async () => {
  const socket = openSocket()
  const closed = closeOf(socket)
  socket.addEventListener('open', () => socket.send('hello'))
  assert.deepEqual(await closed, [1003, 'This stream is only read.'])
})

const closeOf = (socket: WebSocket) =>
  new Promise<[number, string]>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => resolve([code, reason]))
  })

// A process that only answers has nothing to finish, and closes before the second is over in which its readers would notice by themselves.
test('a socket on which nothing happens is told that the server stops, and does not hold that up', async () => {
  const stopped = await startTestServer({ env: () => ({ PATCHBAY_ROLES: 'api' }) })
  const socket = openSocket('', stopped.keys.test, stopped.url)
  const closed = closeOf(socket)
  await new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }))
  const stopping = stopped.stop()
  assert.deepEqual(await closed, [1001, 'This server stops. Come back.'])
  await stopping
})
