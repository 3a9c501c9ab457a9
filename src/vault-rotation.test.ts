import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { openPatchbay } from '@patchbay/sdk'
import type { Services } from './cli/command.ts'
import { runCli } from './cli/run-cli.ts'
import { openTestTransit } from './drivers/keys/test-transit.ts'
import { runKeyRotation } from './engine/vault/rotate-key.ts'
import { consentProvider, findSecret, startTestServer, type TestServer, until } from './test-server.ts'

/** The keys of a whole running server, replaced as an operator does it. */
let server: TestServer
let id: string
before(async () => {
  // Its encryption key is a file in the data directory.
  server = await startTestServer({ env: () => ({ PATCHBAY_ENCRYPTION_KEY: '' }) })
  id = (await server.connect(consentProvider)).id
})
after(() => server.stop())

const services = {} as Services

async function run(line: string, key = server.keys.test) {
  const [out, remarks]: string[][] = [[], []]
  const code = await runCli({
    argv: line.split(' '),
    out: (text) => out!.push(text),
    remark: (text) => remarks!.push(text),
    isTerminal: false,
    client: () => openPatchbay({ url: server.url, key }),
    services,
  })
  return { code, out: out!.join('\n'), remarks: remarks!.join('\n') }
}

const credentialsOf = async () => (await server.ask('GET', `/v1/connections/${id}/credentials`)).json.accessToken

test('a data key is replaced from the command line: seen on the way, and nothing is lost', async () => {
  const token = await credentialsOf()
  assert.ok(token)
  const before = JSON.parse((await run('vault status --json')).out)
  assert.equal(before.dataKey.version, 1)
  assert.equal(before.dataKey.state, 'settled')
  assert.ok(before.dataKey.total > 5)
  const statusOfOther = async () => JSON.parse((await run('vault status --json', server.keys.other)).out).dataKey
  const other = await statusOfOther()

  const rotated = await run('vault rotate-data-keys')
  assert.equal(rotated.code, 0, rotated.remarks)
  assert.match(rotated.remarks, /sealing anew \d+\/\d+/)
  assert.match(rotated.out, /version 2 seals (\d+) of \1 stored secrets; version 1 will be destroyed after \d{4}-/)
  assert.equal(await credentialsOf(), token)
  assert.deepEqual(await statusOfOther(), other)

  // Asked again, it is the same rotation.
  const again = JSON.parse((await run('vault rotate-data-keys --json')).out)
  assert.deepEqual([again.dataKey.version, again.dataKey.older], [2, [1]])
  const { json } = await server.ask('GET', '/v1/audit?limit=200')
  const kinds = json.data.filter(({ action }: { action: string }) => action === 'data_key.added')
  assert.deepEqual(
    kinds.map(({ subject, actor }: { subject: string; actor: string }) => [subject, actor.split(':')[0]]).sort(),
    [
      ['1', 'system'],
      ['2', 'key'],
    ],
  )
})

test('the encryption key is replaced from the command line: everybody stays signed in, and the old file is gone', async () => {
  const token = await credentialsOf()
  const sessions = await server.engine.vault.secretFor('sessions')
  const files = () => readdirSync(server.config.dataDir).filter((name) => name.startsWith('encryption.key'))
  assert.deepEqual(files(), ['encryption.key'])
  const rotated = await run('vault rotate-key')
  assert.equal(rotated.code, 0, rotated.remarks)
  assert.match(rotated.remarks, /wrapping anew \d+\/\d+/)
  assert.match(rotated.out, /local:\w{16} wraps (\d+) of \1 data keys/)
  // The older key goes with the next look, which is a minute away.
  await runKeyRotation(server.engine.deps)
  assert.deepEqual(files(), ['encryption.key.2'])
  const { key } = JSON.parse((await run('vault status --json')).out)
  assert.deepEqual([key.state, key.older], ['settled', []])
  assert.equal(await credentialsOf(), token)
  assert.equal(await server.engine.vault.secretFor('sessions'), sessions)
  assert.equal((await server.ask('GET', `/v1/connections/${id}`)).status, 200)
})

test('with the key service away, what runs goes on; a new environment is told why, and then it works', async () => {
  const transit = await openTestTransit()
  const url = transit.make('patchbay')
  const env = () => ({ PATCHBAY_ENCRYPTION_KEY: '', PATCHBAY_KMS_URL: url, PATCHBAY_KMS_TOKEN: transit.token })
  const far = await startTestServer({ env })
  try {
    const connection = await far.connect(consentProvider)
    const credentials = () => far.ask('GET', `/v1/connections/${connection.id}/credentials`)
    const token = (await credentials()).json.accessToken
    transit.seal(true)
    assert.equal((await credentials()).json.accessToken, token)
    const app = { provider: consentProvider.id, clientSecret: 'a secret of live' }
    const path = `/v1/integrations/int_env_live_${consentProvider.id}`
    const refused = await far.ask('PUT', path, { key: far.keys.live, body: app })
    assert.deepEqual([refused.status, refused.json.code], [503, 'platform.keys'])
    const status = await far.ask('GET', '/v1/vault')
    assert.deepEqual([status.status, status.json.key.state], [200, 'unreachable'])
    transit.seal(false)
    assert.equal((await far.ask('PUT', path, { key: far.keys.live, body: app })).status, 200)

    // The key service gets a newer version; here everything is wrapped anew, and the older one can be forbidden there.
    transit.rotate('patchbay')
    assert.equal((await far.ask('GET', '/v1/vault')).json.key.state, 'newer')
    await far.ask('POST', '/v1/vault/rotate-key')
    await until(async () => (await far.ask('GET', '/v1/vault')).json.key.state === 'settling')
    transit.setMinDecryptionVersion('patchbay', 2)
    assert.equal((await far.ask('GET', '/v1/vault')).json.key.state, 'settled')
    assert.equal((await credentials()).json.accessToken, token)
    const text = [...far.lines, ...far.transcript, ...(await far.dump()).values()].join('\n')
    assert.equal(findSecret(text, transit.token), null)
  } finally {
    await far.stop()
    await transit.close()
  }
})

test('keys are for owners: nobody else sees or replaces them', async () => {
  const key = await server.keyOf(server.environments.test, [
    ...['connections:*', 'credentials:read', 'metrics:read', 'proxy:call', 'actions:call'],
    ...['setup:read', 'setup:write', 'journal:read', 'keys:write'],
  ])
  for (const [method, path] of [
    ['GET', '/v1/vault'],
    ['POST', '/v1/vault/rotate-data-keys'],
    ['POST', '/v1/vault/rotate-key'],
  ] as const) {
    assert.equal((await server.ask(method, path, { key })).status, 403)
    assert.equal((await server.ask(method, path, { key: null })).status, 401)
  }
  const reads = await server.keyOf(server.environments.test, ['vault:read'])
  assert.equal((await server.ask('GET', '/v1/vault', { key: reads })).status, 200)
  assert.equal((await server.ask('POST', '/v1/vault/rotate-data-keys', { key: reads })).status, 403)
  const refused = await run('vault rotate-data-keys', reads)
  assert.equal(refused.code, 3)
})

test('wrong words are told apart', async () => {
  const ran = await run('vault burn')
  assert.equal(ran.code, 2)
  assert.match(ran.remarks, /There is no "vault burn"/)
})

test('everything that is stored sealed is where a rotation looks for it', async () => {
  const places = new Map<string, number>()
  for (const [table, rows] of await server.dump())
    for (const [, version] of rows.matchAll(/pb1\.(\d+)\./g)) {
      assert.match(table, /account_grant|integration|flow|idempotency/, `${table} holds sealed text`)
      places.set(`${table} ${version}`, (places.get(`${table} ${version}`) ?? 0) + 1)
    }
  assert.ok(places.size > 2, [...places].join())
})
