import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import type { Provider } from '@patchbay/kit'
import { type Network, NetworkFailure, type WireRequest } from '../src/ports/network.ts'
import { answerControl } from './control.ts'
import { openSandbox } from './sandbox.ts'
import { testProvider } from './test-provider.ts'

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
const start = Date.parse('2026-11-28T12:00:00Z')

/** A platform that tells of a song an hour, and asks an address first. */
const provider = (asks = true): Provider => {
  const made = testProvider()
  return {
    ...made,
    emulator: {
      ...made.emulator,
      routes: {
        ...made.emulator.routes,
        'POST api.tuneful.example/v1/subscribe': {
          auth: 'none',
          handle({ form, subscriptions }) {
            const [topic, callback] = [form.get('topic')!, form.get('callback')!]
            if (form.get('mode') === 'end') subscriptions.end(topic, { callback })
            else
              subscriptions.begin({
                ...{ topic, callback, artist: topic, app: null, secret: 'hush', kinds: null },
                leaseMs: form.has('lease') ? Number(form.get('lease')) : null,
              })
            return {}
          },
        },
      },
      webhooks: {
        ...{ signs: 'webSub', contentType: 'application/json', source: 'made up', mostEvents: 3 },
        ...{ retriesMs: [minute, 10 * minute, hour], timeoutMs: 5000 },
        ...(asks && { ask: ({ mode, topic, challenge }) => ({ mode, topic: topic ?? '', challenge }) }),
        topic: (artist) => artist.key,
        kinds: {
          song: ({ key, artist }) => ({ id: key, by: { name: artist.name } }),
          note: ({ key }) => ({ id: key }),
        },
        *happened(artist, _world, from, to) {
          for (let at = Math.floor(from / hour) * hour + hour; at <= to; at += hour)
            yield { kind: at % day === 0 ? 'note' : 'song', key: `${artist.key} ${at}`, at }
        },
        write: (events) => JSON.stringify(events.map(({ kind, data }) => ({ kind, data }))),
      },
    },
  }
}

type Answer = (request: WireRequest) => number | NetworkFailure | string

function open(answer: Answer = () => 200, asks = true) {
  let now = start
  const got: { url: string; method: string; body: string; headers: Readonly<Record<string, string>>; at: number }[] = []
  const outside: Network = {
    async send(request) {
      const { url, method, headers } = request
      got.push({ url, method, headers, body: String(request.body ?? ''), at: now })
      const said =
        method === 'GET' && answer(request) === 200
          ? (new URL(url).searchParams.get('challenge') ?? '')
          : answer(request)
      if (said instanceof NetworkFailure) throw said
      const text = typeof said === 'string' ? said : ''
      return {
        ...{ status: typeof said === 'number' ? said : 200, headers: {} },
        body: (async function* () {
          yield Buffer.from(text)
        })(),
      }
    },
  }
  const clock = { now: () => now, sleep: async () => assert.fail('nothing waits here') }
  const sandbox = openSandbox({ providers: [provider(asks)], clock, seed: 'test', artists: 5, outside })
  const [artist] = sandbox.world.artists
  const subscribe = async (more: Record<string, string> = {}) => {
    const form = new URLSearchParams({ topic: artist!.key, callback: 'https://app.example/hooks/1', ...more })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const url = 'https://api.tuneful.example/v1/subscribe'
    const { status } = await sandbox.send({ method: 'POST', url, headers, body: form.toString() })
    assert.equal(status, 200)
  }
  const wait = (ms: number) => {
    now += ms
    return sandbox.postbox.tick()
  }
  const posted = () => got.filter(({ method }) => method === 'POST')
  return { sandbox, artist: artist!, subscribe, wait, got, posted, jump: (ms: number) => (now += ms) }
}

test('an address is asked, then told of what happens, signed', async () => {
  const { subscribe, wait, got, posted } = open()
  await subscribe()
  await wait(0)
  assert.deepEqual(
    got.map(({ method }) => method),
    ['GET'],
  )
  assert.equal(new URL(got[0]!.url).searchParams.get('mode'), 'subscribe')
  await wait(2 * hour)
  const [message, ...more] = posted()
  assert.equal(more.length, 0)
  assert.equal((JSON.parse(message!.body) as unknown[]).length, 2)
  const signature = createHmac('sha1', 'hush').update(message!.body).digest('hex')
  assert.equal(message!.headers['x-hub-signature'], `sha1=${signature}`)
  // Of what is over nothing is told again.
  await wait(0)
  assert.equal(posted().length, 1)
  await wait(7 * hour)
  assert.deepEqual(
    posted()
      .slice(1)
      .map(({ body }) => (JSON.parse(body) as unknown[]).length),
    [3, 3, 1],
  )
})

test('who does not answer the question is told nothing, and is asked some times more', async () => {
  for (const answer of ['another word', 404, new NetworkFailure('connect', false, 'nobody there')] as const) {
    const { sandbox, subscribe, wait, got } = open(() => answer)
    await subscribe()
    let next = await wait(0)
    for (let turn = 0; next !== null && turn < 20; turn++) next = await wait(next - sandbox.clock.now())
    await wait(5 * hour)
    assert.deepEqual(
      got.map(({ method }) => method),
      ['GET', 'GET', 'GET', 'GET'],
    )
    assert.deepEqual(sandbox.subscriptions.list(), [])
  }
})

test('a lease ends by itself, one that is renewed goes on without a gap, and one that ends is asked', async () => {
  const { sandbox, artist, subscribe, wait, got, posted } = open()
  await subscribe({ lease: String(3 * hour) })
  await wait(0)
  await wait(2 * hour)
  await subscribe({ lease: String(3 * hour) })
  await wait(0)
  await wait(2 * hour)
  assert.equal(posted().length, 2)
  await wait(2 * hour)
  assert.deepEqual(sandbox.subscriptions.list(), [])
  await wait(hour)
  assert.equal(posted().length, 2)

  await subscribe()
  await wait(0)
  await subscribe({ mode: 'end' })
  assert.equal(sandbox.subscriptions.of('tuneful', artist.key, sandbox.clock.now()).length, 1)
  await wait(0)
  assert.equal(new URL(got.at(-1)!.url).searchParams.get('mode'), 'unsubscribe')
  assert.deepEqual(sandbox.subscriptions.list(), [])
})

test('what is not taken is sent again on the platform’s schedule, and given up at last', async () => {
  let answer: number | NetworkFailure = 503
  const { sandbox, subscribe, wait, posted } = open((request) => (request.method === 'GET' ? 200 : answer))
  await subscribe()
  await wait(0)
  let next = await wait(hour)
  answer = new NetworkFailure('timeout', true, 'too slow')
  const isWaiting = () => sandbox.postbox.list()[0]!.state === 'waiting'
  while (next !== null && isWaiting()) next = await wait(next - sandbox.clock.now())
  const first = posted().filter(({ body }) => body === posted()[0]!.body)
  assert.deepEqual(
    first.map(({ at }) => at - start - hour),
    [0, minute, 11 * minute, 71 * minute],
  )
  const { state, tries, answer: last } = sandbox.postbox.list()[0]!
  assert.deepEqual([state, tries, last], ['given up', 4, 'timeout'])
})

test('weather: lost, late, twice and in another order', async () => {
  const happens = async (rule: Parameters<ReturnType<typeof open>['sandbox']['weather']['add']>[0]) => {
    const opened = open()
    await opened.subscribe()
    await opened.wait(0)
    opened.sandbox.weather.add({ route: 'POST webhooks', ...rule })
    return opened
  }
  const dropped = await happens({ kind: 'drop' })
  await dropped.wait(2 * hour)
  assert.equal(dropped.posted().length, 0)
  assert.equal(dropped.sandbox.postbox.list()[0]!.state, 'lost')

  // Taken, and the platform does not know: it comes again, and is the same.
  const unheard = await happens({ kind: 'lose', times: 1 })
  await unheard.wait(hour)
  await unheard.wait(minute)
  assert.equal(new Set(unheard.posted().map(({ body }) => body)).size, 1)
  assert.equal(unheard.posted().length, 2)

  const late = await happens({ kind: 'delay', ms: 3 * day, times: 1 })
  assert.equal(await late.wait(hour), start + hour + 3 * day)
  assert.equal(late.posted().length, 0)
  await late.wait(3 * day)
  assert.ok(late.posted().length > 0)

  const twice = await happens({ kind: 'repeat', copies: 2, times: 1 })
  await twice.wait(hour)
  assert.equal(twice.posted().length, 3)

  const shuffled = await happens({ kind: 'shuffle', ms: 5 * hour })
  for (let nth = 0; nth < 12; nth++) await shuffled.wait(hour)
  const order = shuffled.posted().map(({ body }) => body)
  assert.notDeepEqual(order, [...order].sort())
  // Rules that do not name them leave messages alone.
  const other = open()
  await other.subscribe()
  await other.wait(0)
  other.sandbox.weather.add({ kind: 'drop' })
  await other.wait(hour)
  assert.equal(other.posted().length, 1)
})

test('any event can be triggered, with other values in it', async () => {
  const { sandbox, artist, subscribe, posted, wait } = open()
  const control = async (body: unknown) => {
    const { status, text } = await answerControl(sandbox, {
      ...{
        method: 'POST',
        path: '/messages',
        query: new URLSearchParams(),
        wantsHtml: false,
        origin: 'http://sandbox',
      },
      body: body as never,
    })
    return { status, body: JSON.parse(text) as { message?: string; data?: { state: string; answer: string }[] } }
  }
  const asked = { provider: 'tuneful', artist: artist.key, kind: 'song' }
  assert.match((await control(asked)).body.message!, /nobody is subscribed/)
  await subscribe()
  await wait(0)
  const told = await control({ ...asked, overrides: { 'by.name': 'Somebody Else' } })
  assert.deepEqual([told.status, told.body.data![0]!.state, told.body.data![0]!.answer], [200, 'delivered', '200'])
  assert.equal(JSON.parse(posted()[0]!.body)[0].data.by.name, 'Somebody Else')
  for (const [wrong, says] of [
    [{ ...asked, kind: 'opera' }, /sends song, note/],
    [{ ...asked, overrides: { 'by.nam': 1 } }, /has no by\.nam/],
    [{ ...asked, artist: 'nobody' }, /name an artist/],
    [{ ...asked, provider: 'other' }, /no provider other/],
  ] as const) {
    const answer = await control(wrong)
    assert.equal(answer.status, 400)
    assert.match(answer.body.message!, says)
  }
})

test('subscriptions and addresses outlive a restart', async () => {
  const first = open()
  await first.subscribe()
  await first.wait(0)
  const { id } = provider()
  first.sandbox.subscriptions.address(
    { provider: id, app: 'a', url: 'https://app.example/hooks/2', verifyToken: 'v' },
    start,
  )
  const snapshot = JSON.parse(JSON.stringify(first.sandbox.snapshot()))
  const again = openSandbox({ providers: [provider()], clock: first.sandbox.clock, snapshot })
  assert.deepEqual(again.subscriptions.list(), first.sandbox.subscriptions.list())
  assert.deepEqual(again.subscriptions.addresses(), first.sandbox.subscriptions.addresses())
})

test('one run does what every tick would, until it is told to stop', async () => {
  const { sandbox, subscribe, got } = open(() => 200)
  await subscribe()
  const stop = new AbortController()
  const slept: number[] = []
  Object.assign(sandbox.clock, {
    sleep: async (ms: number) => {
      slept.push(ms)
      if (slept.length === 3) stop.abort()
    },
  })
  await sandbox.postbox.run(stop.signal)
  assert.deepEqual(slept, [60_000, 60_000, 60_000])
  assert.equal(got.length, 1)
})
