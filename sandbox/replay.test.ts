import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openReplay, type ReplayIndex } from './replay.ts'
import { openTestSandbox } from './test-provider.ts'

const directory = mkdtempSync(join(tmpdir(), 'replay-'))
after(() => rmSync(directory, { recursive: true }))
writeFileSync(join(directory, 'fans.json'), '{ "total": 9007199254740993 }\n')
writeFileSync(
  join(directory, 'several.json'),
  JSON.stringify({ calls: [{ body: { id: 'a' } }, { body: { id: 'b' } }] }),
)

function open(answers: ReplayIndex['answers'], accounts: ReplayIndex['accounts'] = {}) {
  const warnings: string[] = []
  const log = { warn: (event: string) => void warnings.push(event) }
  const replay = openReplay({ directory, index: { answers, accounts }, log })
  return { ...openTestSandbox({}, { replay }), warnings }
}

test('recorded bytes go out untouched, behind the sandbox’s own consent, tokens, scopes and quotas', async () => {
  const { connect, get } = open([{ match: 'GET api.tuneful.example/v1/fans', file: 'fans.json' }])
  assert.equal((await get('/fans')).json.error, 'missing')
  const { access_token } = await connect()
  assert.equal((await get('/fans', access_token)).text, '{ "total": 9007199254740993 }\n')
  const narrow = await connect({}, [['scope', 'profile']])
  assert.equal((await get('/fans', narrow.access_token)).json.error, 'scope')
  for (let call = 0; call < 4; call++) await get('/fans', access_token)
  assert.equal((await get('/fans', access_token)).status, 429)
})

test('what was not recorded on a recorded host is missing', async () => {
  const { connect, get } = open([{ match: 'GET api.tuneful.example/v1/fans', file: 'fans.json' }])
  assert.equal((await get('/me', (await connect()).access_token)).status, 404)
})

test('an answer without a file leaves the call to the emulator', async () => {
  const { connect, get, artist } = open([
    { match: 'GET api.tuneful.example/v1/fans', file: 'fans.json' },
    { match: 'GET api.tuneful.example/v1/me' },
  ])
  assert.equal((await get('/me', (await connect()).access_token)).json.id, artist.key)
})

test('parts of a file, other statuses, and the first that fits', async () => {
  const match = 'GET api.tuneful.example/v1/artists/{id}'
  const { connect, get } = open([
    { match, query: { page: '2' }, file: 'several.json', pointer: '/calls/1/body' },
    { match, file: 'several.json', pointer: '/calls/0/body', wrap: { artists: ['$', null] }, status: 203 },
  ])
  const { access_token } = await connect()
  assert.deepEqual((await get('/artists/x?page=2', access_token)).json, { id: 'b' })
  const { status, json } = await get('/artists/x', access_token)
  assert.deepEqual([status, json], [203, { artists: [{ id: 'a' }, null] }])
})

test('an address that the emulator does not know can be recorded', async () => {
  const { connect, get } = open([{ match: 'GET api.tuneful.example/v1/never/heard', file: 'fans.json' }])
  assert.equal((await get('/never/heard', (await connect()).access_token)).status, 200)
})

test('the account is the recorded one, whoever the persona is', () => {
  const { sandbox, provider, artist } = open([], { tuneful: { id: 'recorded', name: 'Recorded' } })
  assert.deepEqual(sandbox.personas.account(provider, artist), {
    id: 'recorded',
    name: 'Recorded',
    handle: `@${artist.key}`,
  })
})

test('files that are missing, outside, or without that part are logged and left out', () => {
  const match = 'GET api.tuneful.example/v1/me'
  const { warnings } = open([
    { match, file: 'nothing.json' },
    { match, file: '../../etc/passwd' },
    { match, file: 'several.json', pointer: '/calls/9' },
  ])
  assert.equal(warnings.length, 3)
})
