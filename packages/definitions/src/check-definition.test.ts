import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, metrics } from '@patchbay/kit'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { checkDefinition } from './check-definition.ts'
import { definitionJsonSchema } from './definition.ts'
import { exampleDefinition } from './test-definition.ts'

/** The example with one place changed: what is said about it. */
function check(path: string, value: Json | undefined, says: string | null): void {
  const document = exampleDefinition() as unknown as Record<string, Json>
  const steps = path.split('.')
  const last = steps.pop()!
  let here = document as Record<string, Json>
  for (const step of steps) here = here[step] as Record<string, Json>
  if (value === undefined) delete here[last]
  else here[last] = value
  const { remarks, accepted } = checkDefinition(document)
  const said = remarks.map(({ at, says: text }) => `${at}: ${text}`)
  if (says === null) {
    assert.deepEqual(said, [])
    assert.ok(accepted)
  } else {
    assert.ok(
      said.some((one) => one.startsWith(says)),
      `${path}: ${said.join(' | ') || 'nothing is said'}`,
    )
    assert.equal(
      accepted === null,
      remarks.some(({ level }) => level === 'error'),
    )
  }
}

test('the example is right', () => check('name', 'Tidewave', null))

test('what has another form is said with its place', () => {
  check('id', 'Tide Wave', 'id: an id begins with a small letter')
  check('foo', 1, ': there is no "foo" here')
  check('auth.scheme', 'magic', 'auth.scheme:')
  check('streams.daily.every', '1x', 'streams.daily.every: write it as')
  check('streams.daily.every', '1m', 'streams.daily.every: a stream is read every 5 minutes')
  check(
    'streams.profile.observations.0.metric',
    'audience.folowers',
    'streams.profile.observations.0.metric: "audience.folowers" is none of those that there are: did you mean "audience.followers"?',
  )
  check('api.quotas', [], 'api.quotas: name at least one quota')
  check('streams.constructor', {}, 'streams.constructor: this name is taken')
  const hedge = { call: 'GET api.tidewave.example/v2/me', afterMs: 400, source: 'guess: why' }
  check('api.hedges', [hedge], null)
  check('api.hedges', [{ ...hedge, afterMs: 10 }], 'api.hedges.0.afterMs:')
  check('api.hedges', [{ ...hedge, call: 'POST api.tidewave.example/v2/me' }], 'api.hedges.0.call: only a GET')
  check('api.hedges', [{ ...hedge, call: 'GET' }], 'api.hedges.0.call: a route looks like')
  check('api.hedges', [{ ...hedge, call: 'GET stats.tidewave.example/daily/{id}' }], null)
  for (const elsewhere of ['api.tidewave.example/me', 'api.tidewave.example/v20/me', 'tidewave.example/v2/me'])
    check('api.hedges', [{ ...hedge, call: `GET ${elsewhere}` }], 'api.hedges.0.call: nothing is asked there')
  assert.equal(checkDefinition(null).accepted, null)
  assert.equal(checkDefinition([]).accepted, null)
})

test('where nothing more is said, nothing more is looked at', () => {
  const document = exampleDefinition() as unknown as { streams: Record<string, { observations: object[] }> }
  const [observation] = document.streams['profile']!.observations
  const reads: number[] = []
  const wrong = (nth: number) => ({
    ...observation,
    get metric() {
      reads[nth] = (reads[nth] ?? 0) + 1
      return 'audience.folowers'
    },
  })
  const some = (from: number) => Array.from({ length: 30 }, (_, i) => wrong(from + i))
  document.streams['profile']!.observations = some(0)
  document.streams['daily']!.observations = some(30)
  const { remarks } = checkDefinition(document)
  assert.equal(remarks.length, 50)
  assert.match(remarks[49]!.says, /did you mean "audience.followers"/)
  assert.equal(reads[49], reads[0])
  assert.ok(reads[50]! < reads[49]!, 'it is explained although nobody is told')
})

test('addresses lead out, by https', () => {
  const refuse = (address: string, why: string) => check('api.baseUrl', address, `api.baseUrl: ${why}`)
  refuse('http://api.tidewave.example', 'only https')
  for (const host of [
    '127.0.0.1',
    '2130706433',
    '[::1]',
    'localhost',
    'a.localhost',
    'db.internal',
    'printer.local',
    '0x7f.1',
  ])
    refuse(`https://${host}/v1`, 'the host is not a public name')
  refuse('https://api.tidewave.example:8443', 'an address has no port')
  refuse('https://a:b@api.tidewave.example', 'an address has no user name')
  refuse('https://api.tidewave.example/?x=1', 'a base address has no query')
  refuse('https://api.tidewave.example/#x', 'an address ends before #')
  refuse('tidewave', 'this is not an address')
})

test('what it names has to be there', () => {
  check('streams.profile.request.path', '/a/{accountid}', 'streams.profile.request.path: there is no {accountid} here')
  check(
    'streams.profile.request.path',
    '/a/{account.id',
    'streams.profile.request.path: a name in braces is not closed',
  )
  check('streams.profile.request.path', '/a?b=1', 'streams.profile.request.path: a path has no ?')
  check('streams.profile.request.host', 'nope', 'streams.profile.request.host: api.hosts has no "nope"')
  check('streams.profile.request.as', 'app', 'streams.profile.request.as: only an oauth2')
  check('streams.profile.when', { mode: 'x' }, 'streams.profile.when.mode: there is no setting')
  check('api.errors.rules.2.quota', 'x', 'api.errors.rules.2.quota: there is no quota "x"')
  check('api.headers', { authorization: 'x' }, 'api.headers: authorization, cookie')
  check('api.headers', { accept: '{account.id}' }, 'api.headers.accept: headers of every call')
  check('streams.tracks.pages.at', 'a[?', 'streams.tracks.pages.at: not JMESPath')
  check('streams.daily.cursor', { at: 'x' }, 'streams.daily.cursor: a stream goes on by days or by a cursor')
  check('streams.tracks.facts', { identifiers: { mbid: 'id' } }, 'streams.tracks.facts: facts are found in one answer')
  check('streams.daily.observations', undefined, 'streams.daily: it reads nothing')
  check('actions.renameTrack.example', { track: 1 }, 'actions.renameTrack.example.track:')
})

test('examples have to fit what is said about them', () => {
  check('identity.example', { user: {} }, 'identity.example: it cannot be read')
  check('api.errors.rules.0.example.status', 500, 'api.errors.rules.0.example: this line of the table does not fit')
  check(
    'api.errors.rules.1',
    { is: 'provider.down', example: { status: 401, body: {} } },
    'api.errors.rules.1.example: line 0',
  )
  check(
    'api.errors.rules.0',
    { is: 'provider.down', example: { status: 200, body: {} } },
    'api.errors.rules.0.example: an answer of 2xx',
  )
  check('streams.profile.examples', undefined, 'streams.profile.examples: without an example')
  check('streams.daily.rows', 'days', 'streams.daily.examples.0: row 1 is refused: day: nothing where a day')
  check('streams.tracks.summary', 'x'.repeat(400), 'streams.tracks.summary:')
  check('streams.profile.examples.0.body', { filler: 'x'.repeat(200_000) }, ': it has')
})

test('examples that take too long together are read no further', () => {
  const document = exampleDefinition()
  const { profile } = document.streams
  const examples = Array.from({ length: 20 }, () => ({ body: [1] }))
  // Just short of what one may take, so that of each by itself there is nothing to be said.
  const rows = `[@]${' | [@, @][]'.repeat(16)} | [0:1]`
  const streams = Array.from({ length: 5 }, (_, nth) => [
    `s${nth}`,
    { ...profile, rows, examples, observations: undefined },
  ])
  const { remarks, accepted } = checkDefinition(
    JSON.parse(JSON.stringify({ ...document, streams: Object.fromEntries(streams) })),
  )
  assert.equal(accepted, null)
  assert.ok(remarks.some(({ says }) => says.startsWith('the examples up to here take too long')))
})

test('the published schema takes what is taken, and refuses what has another form', () => {
  const schema = definitionJsonSchema()
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema')
  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)
  const validate = ajv.compile(schema)
  assert.ok(validate(exampleDefinition()), JSON.stringify(validate.errors))
  assert.ok(!validate({ ...exampleDefinition(), id: 'Tide Wave' }))
  assert.ok(!validate({ ...exampleDefinition(), foo: 1 }))
  assert.ok(JSON.stringify(schema).includes(Object.keys(metrics)[0]!))
})
