import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkDefinition, type Definition } from '@patchbay/definitions'
import { exampleDefinition } from '../packages/definitions/src/test-definition.ts'
import { rehearse } from './rehearse.ts'

/** The example of the guide with another way to authorize: its one account is connected, and every stream is read from the examples. */
async function check(auth: Definition['auth'], change: (definition: Definition) => void = () => {}): Promise<void> {
  const definition = { ...exampleDefinition(), auth }
  change(definition)
  const { accepted, remarks } = checkDefinition(JSON.parse(JSON.stringify(definition)))
  const { account, says, streams, observations, items } = await rehearse(
    (accepted ?? assert.fail(JSON.stringify(remarks))).provider,
  )
  assert.deepEqual(account, { id: '4711', name: 'Paper Lanterns' }, says ?? '')
  assert.deepEqual(
    streams.map(({ stream, state }) => [stream, state]).sort(),
    [
      ['daily', 'succeeded'],
      ['profile', 'succeeded'],
      ['tracks', 'succeeded'],
    ],
    JSON.stringify(streams),
  )
  assert.deepEqual([observations.length, items.length], [10, 3])
}

const tokenUrl = 'https://login.tidewave.example/token'
const oauth: Extract<Definition['auth'], { scheme: 'oauth2' }> = {
  scheme: 'oauth2',
  authorizeUrl: 'https://login.tidewave.example/authorize',
  tokenUrl,
  client: 'basic',
  pkce: 'S256',
  scopes: { always: ['read', 'stats'] },
  refresh: { model: 'keeps' },
}

test('every way to authorize that a definition can name is played', async () => {
  await check(exampleDefinition().auth)
  await check({ scheme: 'api_key', carry: { query: 'key' } })
  await check({ scheme: 'basic', username: 'User', password: 'Password' })
  await check({ scheme: 'client_credentials', tokenUrl, client: 'body', scope: 'read' })
  await check(oauth)
  await check({ ...oauth, scopes: { always: ['read'], separator: ',' }, codeSuffix: '#_', carry: { query: 'token' } })
})

test('an app’s own right is used where a request asks for it', async () => {
  await check(
    { ...oauth, scopes: { always: ['read'] }, app: { kind: 'client_credentials', tokenUrl, client: 'basic' } },
    (definition) => {
      definition.streams.profile!.request.as = 'app'
    },
  )
})

test('quotas of the definition hold, and cost no time here', async () => {
  await check(exampleDefinition().auth, (definition) => {
    definition.api.quotas = [
      { id: 'general', per: 'account', limit: 2, window: { rollingMs: 3_600_000 }, source: 'made up' },
    ]
  })
})

test('what the platform refuses is told for the stream', async () => {
  const definition = exampleDefinition()
  definition.streams.daily!.examples = [{ status: 403, body: { error: { code: 'suspended', message: 'No' } } }]
  const { accepted } = checkDefinition(definition)
  const { streams } = await rehearse(accepted!.provider)
  const daily = streams.find(({ stream }) => stream === 'daily')!
  assert.notEqual(daily.state, 'succeeded')
  assert.match(daily.says ?? '', /./)
})
