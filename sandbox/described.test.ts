import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from '@patchbay/kit'
import { exampleDefinition } from '../packages/definitions/src/test-definition.ts'
import { readBody } from '../src/ports/network.ts'
import { mostDescribed } from './described.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

const clock = { now: () => Date.parse('2026-11-22T10:00:00Z'), sleep: async () => {} }
const open = (snapshot?: ReturnType<Sandbox['snapshot']>) => openSandbox({ providers: [], clock, artists: 3, snapshot })

async function ask(sandbox: Sandbox, url: string, key: string) {
  const answer = await sandbox.send({ method: 'GET', url, headers: { authorization: `Bearer ${key}` } })
  return { status: answer.status, body: parseJson(Buffer.from(await readBody(answer)).toString()) }
}

function keyOf(sandbox: Sandbox, id: string): string {
  const provider = sandbox.providers.find((one) => one.id === id)!
  return sandbox.personas.persona(provider, sandbox.world.artists[0]!).credentials.key!
}

const me = 'https://api.tidewave.example/v2/me'

test('a described platform is played out of its examples, for those who have a key', async () => {
  const sandbox = open()
  await assert.rejects(ask(sandbox, me, 'any'), /no host/)
  const id = sandbox.learn({ environment: 'env_a', definition: exampleDefinition() })
  assert.equal(id, 'tidewave@env_a')
  const key = keyOf(sandbox, id)
  assert.deepEqual(await ask(sandbox, me, key), { status: 200, body: exampleDefinition().identity.example })
  assert.equal((await ask(sandbox, me, 'wrong')).status, 401)
  assert.deepEqual((await ask(sandbox, me, 'wrong')).body, {
    error: { code: 'bad_key', message: 'This key is not valid' },
  })
  const tracks = 'https://api.tidewave.example/v2/artists/4711/tracks?per_page=2'
  const { examples } = exampleDefinition().streams.tracks!
  assert.deepEqual((await ask(sandbox, tracks, key)).body, examples![0]!.body)
  assert.deepEqual((await ask(sandbox, `${tracks}&page=p2`, key)).body, examples![1]!.body)
  assert.equal((await ask(sandbox, `${tracks}&page=p3`, key)).status, 404)
})

test('two environments may describe the same platform, each in its own way', async () => {
  const sandbox = open()
  const [a, b] = ['env_a', 'env_b'].map((environment) => {
    const definition = exampleDefinition()
    definition.identity.example = { user: { id: environment, name: 'x', artists: [{ id: 1, name: 'x' }] } }
    return sandbox.learn({ environment, definition })
  }) as [string, string]
  for (const [id, environment] of [
    [a, 'env_a'],
    [b, 'env_b'],
  ] as const) {
    const { body } = await ask(sandbox, me, keyOf(sandbox, id))
    assert.partialDeepStrictEqual(body, { user: { id: environment } })
  }
})

test('described again it takes the place of what was there, and outlives a restart', async () => {
  const sandbox = open()
  sandbox.learn({ environment: 'env_a', definition: exampleDefinition() })
  const definition = exampleDefinition()
  definition.api.baseUrl = 'https://api.tidewave.example/v3'
  const id = sandbox.learn({ environment: 'env_a', definition })
  const key = keyOf(sandbox, id)
  assert.equal((await ask(sandbox, me, key)).status, 404)
  assert.equal((await ask(sandbox, me.replace('v2', 'v3'), key)).status, 200)
  const again = open(JSON.parse(JSON.stringify(sandbox.snapshot())))
  assert.equal((await ask(again, me.replace('v2', 'v3'), key)).status, 200)
  const old = { ...sandbox.snapshot(), described: [{ environment: 'env_a', definition: { definition: 0 } }] }
  assert.deepEqual(open(old).providers, [])
})

test('the oldest is forgotten when there are too many', async () => {
  const sandbox = open()
  for (let nth = 0; nth <= mostDescribed; nth++)
    sandbox.learn({ environment: `env_${nth}`, definition: exampleDefinition() })
  assert.equal(sandbox.providers.length, mostDescribed)
  assert.equal(sandbox.providers[0]!.id, 'tidewave@env_1')
})

test('what is wrong with it is said', async () => {
  assert.throws(() => open().learn({ environment: 'env_a', definition: { id: 'x' } }), RangeError)
})

test('the control address is a host on the way to the platforms', async () => {
  const sandbox = open()
  const answer = await sandbox.send({
    method: 'POST',
    url: 'https://_sandbox/definitions',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ environment: 'env_a', definition: exampleDefinition() }),
  })
  assert.deepEqual(parseJson(Buffer.from(await readBody(answer)).toString()), { provider: 'tidewave@env_a' })
})
