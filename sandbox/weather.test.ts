import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NetworkFailure, readBody } from '../src/ports/network.ts'
import { openTestSandbox } from './test-provider.ts'
import type { WeatherRule } from './weather.ts'

/** A hundred calls in that weather: what became of each. */
async function run(rules: WeatherRule[], seed = 'test', calls = 100): Promise<string[]> {
  const { connect, get, sandbox } = openTestSandbox({ api: { quotas: [] } }, { seed })
  const { access_token } = await connect()
  for (const rule of rules) sandbox.weather.add(rule)
  const seen: string[] = []
  for (let call = 0; call < calls; call++)
    seen.push(
      await get(`/artists/${call % 7}`, access_token).then(
        ({ status }) => String(status),
        (error) => (error as NetworkFailure).kind,
      ),
    )
  return seen
}

const some: WeatherRule[] = [
  { id: 'drops', kind: 'drop', probability: 0.2 },
  { id: 'fails', kind: 'fail', status: 502, probability: 0.2 },
]

test('the same seed gives the same faults, another seed others', async () => {
  const first = await run(some)
  assert.deepEqual(await run(some), first)
  assert.notDeepEqual(await run(some, 'other'), first)
  assert.ok(first.filter((seen) => seen === 'reset').length > 5)
  assert.ok(first.filter((seen) => seen === '502').length > 5)
})

test('taking one rule away leaves the others as they were', async () => {
  const both = await run(some)
  const drops = await run(some.slice(0, 1))
  assert.deepEqual(
    both.map((seen) => seen === 'reset'),
    drops.map((seen) => seen === 'reset'),
  )
})

test('one rule, and what the caller sees of it', async () => {
  const seen = async (rule: WeatherRule) => (await run([rule], 'test', 1))[0]
  assert.equal(await seen({ kind: 'drop' }), 'reset')
  assert.equal(await seen({ kind: 'lose' }), 'reset')
  assert.equal(await seen({ kind: 'fail', status: 504 }), '504')
  assert.equal(await seen({ kind: 'outage' }), '503')
  assert.equal(await seen({ kind: 'html' }), '200')
  assert.equal(await seen({ kind: 'throttle' }), '429')
  assert.equal(await seen({ kind: 'truncate' }), 'truncated')
  assert.equal(await seen({ kind: 'revoke' }), '401')
  assert.equal(await seen({ kind: 'rotate' }), '401')
  assert.equal(await seen({ kind: 'drop', route: 'GET api.tuneful.example/v1/fans' }), '404')
  assert.equal(await seen({ kind: 'drop', route: '* api.tuneful.example/v1' }), 'reset')
  assert.equal(await seen({ kind: 'drop', artist: 'somebody-else' }), '404')
  assert.equal(await seen({ kind: 'drop', until: 0 }), '404')
})

test('a rule fires no more often than it may', async () => {
  assert.deepEqual(await run([{ kind: 'fail', times: 2 }], 'test', 4), ['500', '500', '404', '404'])
})

test('dropped: nothing was done. Lost: it was done', async () => {
  const { connect, send, sandbox } = openTestSandbox()
  const headers = { authorization: `Bearer ${(await connect()).access_token}`, 'content-type': 'application/json' }
  const note = () => send('POST', 'https://api.tuneful.example/v1/notes', headers, '{}')
  const made = () => sandbox.snapshot().memory.tuneful!.length
  sandbox.weather.add({ id: 'drops', kind: 'drop' })
  await assert.rejects(note, NetworkFailure)
  assert.equal(made(), 0)
  sandbox.weather.clear('drops')
  sandbox.weather.add({ kind: 'lose' })
  await assert.rejects(note, (error) => error instanceof NetworkFailure && error.sent)
  assert.equal(made(), 1)
  assert.deepEqual(
    sandbox.ledger.entries.slice(-2).map(({ outcome }) => outcome),
    ['dropped', 'lost'],
  )
})

test('a lost token reply has rotated the refresh token all the same', async () => {
  const { connect, refresh, sandbox } = openTestSandbox()
  const { refresh_token } = await connect()
  sandbox.weather.add({ kind: 'lose', route: 'POST accounts.tuneful.example/oauth/token', times: 1 })
  await assert.rejects(refresh(refresh_token), NetworkFailure)
  assert.equal(sandbox.grants.list()[0]!.generation, 2)
  assert.equal((await refresh(refresh_token)).json.refresh_token, sandbox.grants.list()[0]!.refreshToken)
})

test('every kind of Retry-After', async () => {
  const retryAfter = async (form: 'seconds' | 'http-date' | 'float' | 'zero' | 'negative' | 'huge' | 'absent') => {
    const { get, sandbox } = openTestSandbox()
    sandbox.weather.add({ kind: 'throttle', retryAfter: form, waitMs: 30_000 })
    return (await get('/artists/all')).headers['retry-after']
  }
  assert.equal(await retryAfter('seconds'), '30')
  assert.equal(await retryAfter('http-date'), 'Mon, 02 Mar 2026 12:00:30 GMT')
  assert.equal(await retryAfter('float'), '30.500')
  assert.equal(await retryAfter('zero'), '0')
  assert.equal(await retryAfter('negative'), '-30')
  assert.equal(await retryAfter('huge'), '99999999999')
  assert.equal(await retryAfter('absent'), undefined)
})

test('drift: a field goes, or is called otherwise, wherever it is', async () => {
  const { connect, get, sandbox } = openTestSandbox()
  const { access_token } = await connect()
  sandbox.weather.add({ id: 'drift', kind: 'drift', field: 'name', rename: 'title' })
  assert.deepEqual(Object.keys((await get('/me', access_token)).json), ['id', 'title', 'scopes', 'mode'])
  sandbox.weather.add({ id: 'drift', kind: 'drift', field: 'name' })
  assert.deepEqual(Object.keys((await get('/me', access_token)).json), ['id', 'scopes', 'mode'])
})

test('delay and slow take their time by the clock, and give up when the caller’s limits say so', async () => {
  const { get, sandbox, clock } = openTestSandbox()
  const before = clock.now()
  sandbox.weather.add({ id: 'delay', kind: 'delay', ms: 5000 })
  await get('/artists/all')
  assert.equal(clock.now() - before, 5000)
  sandbox.weather.clear()
  sandbox.weather.add({ id: 'slow', kind: 'slow', pauseMs: 1000 })
  await get('/artists/all')
  assert.ok(clock.now() - before >= 6000)
  const request = {
    method: 'GET',
    url: 'https://api.tuneful.example/v1/artists/all',
    headers: {},
    limits: { idleMs: 500 },
  }
  const response = await sandbox.send(request)
  await assert.rejects(readBody(response), /too slowly/)
})

test('two token requests of one grant at once are in the ledger', async () => {
  const { connect, refresh, sandbox } = openTestSandbox()
  const { refresh_token } = await connect()
  sandbox.weather.add({ kind: 'delay', ms: 2000 })
  const both = Promise.all([refresh(refresh_token), refresh(refresh_token)])
  await both
  assert.deepEqual(
    sandbox.ledger.violations.map(({ kind }) => kind),
    ['concurrent_token_requests'],
  )
  assert.equal(sandbox.ledger.inFlight.size, 0)
})

test('the consent page has good weather unless a rule names it', async () => {
  const { page, sandbox } = openTestSandbox()
  sandbox.weather.add({ kind: 'outage' })
  assert.equal((await page()).status, 200)
  sandbox.weather.add({ kind: 'fail', route: 'GET accounts.tuneful.example/oauth/authorize' })
  assert.equal((await page()).status, 500)
})
