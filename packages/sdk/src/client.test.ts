import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault, openPatchbay, PatchbayError } from './index.ts'

interface Sent {
  readonly url: string
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: unknown
}

/** A client whose requests end here, and what it would have sent. */
function pretend(answer: () => Response = () => Response.json({}), url = 'http://server') {
  const sent: Sent[] = []
  const send = (async (url: string, init: RequestInit = {}) => {
    init.signal?.throwIfAborted()
    const { method = '', headers, body } = init
    sent.push({ url, method, headers: headers as Record<string, string>, body: body && JSON.parse(String(body)) })
    return answer()
  }) as typeof fetch
  const open = (more: { key?: string; environment?: () => string | undefined } = { key: 'pb_test_x' }) =>
    openPatchbay({ url, fetch: send, ...more })
  return { sent, open, client: open() }
}

/** What one operation puts on the wire. */
async function check(work: (client: ReturnType<typeof openPatchbay>) => Promise<unknown>, expected: Partial<Sent>) {
  const { client, sent } = pretend()
  await work(client)
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(sent[0]?.[name as keyof Sent], value, name)
}

test('operations become requests', async () => {
  await check((api) => api.connections.list(), { method: 'GET', url: 'http://server/v1/connections', body: undefined })
  await check((api) => api.connections.list({ profile: 'a b', limit: 5, cursor: undefined }), {
    url: 'http://server/v1/connections?profile=a+b&limit=5',
  })
  await check((api) => api.connections.read({ id: 'a/../b?c' }), { url: 'http://server/v1/connections/a%2F..%2Fb%3Fc' })
  await check((api) => api.connections.sync({ id: 'con', streams: ['x'] }), {
    method: 'POST',
    url: 'http://server/v1/connections/con/sync',
    body: { streams: ['x'] },
  })
  await check((api) => api.connections.disconnect({ id: 'con' }), { method: 'DELETE', body: undefined })
  await check((api) => api.profiles.save({ id: 'p', name: 'N' }), {
    method: 'PUT',
    url: 'http://server/v1/profiles/p',
    body: { name: 'N' },
  })
  await check((api) => api.metrics.query({ connection: 'a,b' }), { url: 'http://server/v1/metrics?connection=a%2Cb' })
})

test('an address may end in a slash, and a page may have none', async () => {
  for (const [url, asked] of [
    ['http://server/', 'http://server/v1/connections'],
    ['http://server/below//', 'http://server/below/v1/connections'],
    ['', '/v1/connections'],
  ] as const) {
    const { client, sent } = pretend(undefined, url)
    await client.connections.list()
    assert.equal(sent[0]?.url, asked)
  }
})

test('who asks, for what, and once', async () => {
  const { open, sent } = pretend()
  await open().connections.pause({ id: 'c' }, { idempotencyKey: 'k' })
  await open({ environment: () => 'env_live' }).connections.list()
  assert.deepEqual(sent[0]?.headers, {
    accept: 'application/json',
    authorization: 'Bearer pb_test_x',
    'idempotency-key': 'k',
    'content-type': 'application/json',
  })
  assert.deepEqual(sent[1]?.headers, { accept: 'application/json', 'x-patchbay-environment': 'env_live' })
})

test('an answer that is no success is an error with what the server said', async () => {
  const problem = {
    type: 't',
    title: 'T',
    status: 409,
    detail: 'D',
    code: 'connection.expired',
    fixedBy: 'owner',
    retry: 'never',
    requestId: 'req_1',
  }
  const { client } = pretend(() => Response.json(problem, { status: 409 }))
  const error = await client.connections.list().catch((caught: unknown) => caught)
  assert.ok(error instanceof PatchbayError)
  assert.deepEqual([error.message, error.code, error.problem], ['D', 'connection.expired', problem])
  assert.deepEqual(
    [isFault(error), isFault(error, 'connection.expired'), isFault(error, 'platform.bug')],
    [true, true, false],
  )
  assert.equal(isFault(new Error('other')), false)
})

test('an error that is no problem document says at least the status', async () => {
  for (const body of ['<html>Bad gateway</html>', 'null', '"text"', '{"error":"x"}']) {
    const { client } = pretend(() => new Response(body, { status: 502, headers: { 'x-request-id': 'req_2' } }))
    await assert.rejects(
      client.connections.list(),
      (error) => isFault(error, 'platform.bug') && error.problem.status === 502 && error.problem.requestId === 'req_2',
    )
  }
})

test('through the proxy only what Patchbay says itself is an error', async () => {
  const theirs = pretend(() => Response.json({ code: 'their-own' }, { status: 404 }))
  assert.equal((await theirs.client.request('GET', '/v1/proxy/con/x')).status, 404)
  const ours = pretend(() =>
    Response.json(
      { code: 'input.unknown', detail: 'D' },
      { status: 404, headers: { 'patchbay-fault': 'input.unknown' } },
    ),
  )
  await assert.rejects(ours.client.request('GET', '/v1/proxy/con/x'), (error) => isFault(error, 'input.unknown'))
})

test('a call that is given up is given up', async () => {
  const { client } = pretend()
  await assert.rejects(client.connections.list({}, { signal: AbortSignal.abort() }), { name: 'AbortError' })
})
