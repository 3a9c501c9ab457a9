import assert from 'node:assert/strict'
import { createECDH } from 'node:crypto'
import { connect as connectSocket } from 'node:net'
import { after, before, test } from 'node:test'
import { addDays, faults } from '@patchbay/kit'
import { Ajv, type ValidateFunction } from 'ajv'
import pg from 'pg'
import { exampleDefinition } from '../packages/definitions/src/test-definition.ts'
import { scopes } from './engine/access/access-keys.ts'
import { observed, pageOf } from './ports/records.contract.ts'
import {
  type Answer,
  type Asking,
  consentProvider,
  keyProvider,
  readAll,
  startTestServer,
  type TestServer,
} from './test-server.ts'

// biome-ignore lint/suspicious/noExplicitAny: JSON Schema is any.
type Schema = any

interface Operation {
  readonly name: string
  readonly method: string
  /** `/v1/connections/{id}`. */
  readonly path: string
  readonly scope: string
  readonly query: readonly { name: string; required?: boolean; schema: Schema }[]
  readonly body: Schema | null
  readonly status: number
  /** Null when it is a file. */
  readonly answer: Schema | null
}

let server: TestServer
let operations: Operation[]
/** Ids that are there, by environment. */
let known: Record<'test' | 'other', Known>
type Known = Awaited<ReturnType<typeof fill>>
/** Operations whose answer was seen to be as their schema says. */
const seen = new Set<string>()
let isProblem: ValidateFunction
const ajv = new Ajv({ strict: false, allErrors: true, formats: { 'date-time': isInstant, date: /^\d{4}-\d\d-\d\d$/ } })

before(async () => {
  // Its encryption key is a file, which it may replace.
  server = await startTestServer({ env: () => ({ PATCHBAY_ENCRYPTION_KEY: '' }) })
  const { json: document } = await server.ask('GET', '/openapi.json', { key: null })
  operations = readOperations(document)
  isProblem = ajv.compile(document.components.schemas.Problem ?? false)
  const [mine, theirs] = await Promise.all([fill('test'), fill('other')])
  known = { test: mine, other: theirs }
})
after(() => server.stop())

test('the document is OpenAPI 3.1 and has every operation, each with a scope that exists', async () => {
  const { json: document } = await server.ask('GET', '/openapi.json', { key: null })
  assert.match(document.openapi, /^3\.1\./)
  assert.ok(operations.length > 25, `${operations.length} operations`)
  for (const { name, scope, answer } of operations) {
    assert.ok((scopes as readonly string[]).includes(scope), `${name}: ${scope}`)
    if (answer !== null) assert.equal(answer.type, 'object', name)
  }
  assert.equal(new Set(operations.map(({ name }) => name)).size, operations.length)
  for (const [path, methods] of Object.entries<Record<string, Schema>>(document.paths))
    for (const [method, { responses }] of Object.entries(methods))
      assert.deepEqual(
        responses.default?.content['application/problem+json'].schema,
        { $ref: '#/components/schemas/Problem' },
        `${method} ${path}`,
      )
})

test('without a key, or with one that is none, every operation answers the same 401', async () => {
  const wrong = [
    '',
    'Bearer',
    'Bearer pb_test_',
    `Bearer ${server.keys.test.slice(0, -1)}${server.keys.test.endsWith('x') ? 'y' : 'x'}`,
    `Basic ${server.keys.test}`,
  ]
  for (const operation of operations) {
    const answer = await call(operation, { key: null })
    assertProblem(answer, 401, 'input.unauthenticated', operation.name)
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/)
  }
  for (const authorization of [...wrong, server.keys.test])
    assertProblem(
      await server.ask('GET', '/v1/profiles', { key: null, headers: { authorization } }),
      401,
      'input.unauthenticated',
      authorization,
    )
})

test('a key with every scope but the one that is needed is refused, and one with just that scope is not', async () => {
  for (const scope of scopes) {
    const [without, only] = await Promise.all([
      server.keyOf(
        server.environments.test,
        scopes.filter((one) => one !== scope),
      ),
      server.keyOf(server.environments.test, [scope]),
    ])
    for (const operation of operations.filter((one) => one.scope === scope)) {
      const refused = await call(operation, { key: without })
      assertProblem(refused, 403, 'input.forbidden', operation.name)
      assert.equal(refused.json.field, scope)
      // Not carried out: only whether it would be.
      const allowed = await call(operation, { key: only, query: { unheard_of: '1' } })
      assertProblem(allowed, 422, 'input.invalid', operation.name)
    }
  }
})

test('an id that is not there is a 404, and another environment’s id is the same 404', async () => {
  let looked = 0
  for (const operation of operations.filter(
    ({ path, name }) => path.includes('{') && !makes.has(name) && !ofAll.has(name),
  )) {
    const [never, theirs] = [
      await call(operation, { params: () => 'nothing_of_that_name' }),
      await call(operation, { params: (name) => idOf(known.other, operation, name) }),
    ]
    assertProblem(never, 404, 'input.unknown', operation.name)
    assertProblem(theirs, 404, 'input.unknown', operation.name)
    assert.deepEqual(sameIds(theirs), sameIds(never), operation.name)
    looked++
  }
  assert.ok(looked > 12, `${looked} operations`)
})

test('another environment’s ids in a query or a body find nothing either', async () => {
  for (const operation of operations) {
    for (const { name } of operation.query.filter(({ name }) =>
      ['connection', 'profile', 'run', 'subject'].includes(name),
    )) {
      const answers = [idOf(known.other, operation, name), 'nothing_of_that_name'].map((value) =>
        call(operation, { query: { ...requiredQuery(operation), profile: undefined, [name]: value } }),
      )
      const [theirs, never] = await Promise.all(answers)
      assert.deepEqual(sameIds(theirs!), sameIds(never!), `${operation.name}?${name}`)
      if (theirs!.status === 200 && operation.answer === null)
        assert.equal(theirs!.text.trim().split('\n').length, 1, `${operation.name}?${name}: only the header`)
      else if (theirs!.status === 200) assert.equal(theirs!.json.data.length, 0, `${operation.name}?${name}`)
      else assertProblem(theirs!, 404, 'input.unknown', operation.name)
    }
  }
  const action = Object.entries(consentProvider.actions ?? keyProvider.actions ?? {})[0]!
  const path = `/v1/actions/${(consentProvider.actions ? consentProvider : keyProvider).id}/${action[0]}`
  const [theirs, never] = await Promise.all(
    [known.other.connection, 'con_nothing'].map((connection) =>
      server.ask('POST', path, { body: { connection, input: action[1].example } }),
    ),
  )
  assertProblem(theirs!, 404, 'input.unknown', path)
  assert.deepEqual(sameIds(theirs!), sameIds(never!))
})

test('T57: what one environment has is free in every other: accounts, profiles, integrations', async () => {
  const theirs = await server.connect(keyProvider, { key: server.keys.other, profile: known.test.profile, artist: 0 })
  const mine = await server.client().connections.read({ id: known.test.keyConnection })
  assert.deepEqual([theirs.account.id, theirs.profile], [mine.account.id, mine.profile])
  assert.notEqual(theirs.id, mine.id)
  const saved = await server.ask('PUT', `/v1/profiles/${known.test.profile}`, {
    key: server.keys.other,
    body: { name: 'Theirs' },
  })
  assert.equal(saved.json.name, 'Theirs')
  assert.notEqual((await server.client().profiles.read({ id: known.test.profile })).name, 'Theirs')
  const body = { provider: consentProvider.id, name: 'Theirs' }
  assert.equal(
    (await server.ask('PUT', `/v1/integrations/${known.test.integration}`, { key: server.keys.other, body })).status,
    200,
  )
  const { data } = await server.client().integrations.list()
  assert.ok(data.every(({ name }) => name !== 'Theirs'))
})

test('what no operation knows is refused: keys of the query, keys of the body, the ids of tenants', async () => {
  for (const operation of operations) {
    assertProblem(await call(operation, { query: { unheard_of: '1' } }), 422, 'input.invalid', operation.name)
    if (operation.method === 'GET') continue
    for (const key of ['environmentId', 'role', 'isAdmin', 'unheardOf'])
      assertProblem(await call(operation, { body: { [key]: 'x' } }), 422, 'input.invalid', `${operation.name} ${key}`)
  }
})

test('T58: a limit is held to its bounds', async () => {
  let looked = 0
  for (const operation of operations) {
    const limit = operation.query.find(({ name }) => name === 'limit')
    if (!limit) continue
    const query = requiredQuery(operation)
    for (const wrong of ['0', '-1', String(limit.schema.maximum + 1), '1e9', 'many', '1.5', ''])
      assertProblem(
        await call(operation, { query: { ...query, limit: wrong } }),
        422,
        'input.invalid',
        `${operation.name} ${wrong}`,
      )
    for (const right of ['1', String(limit.schema.maximum)]) {
      const answer = await call(operation, { query: { ...query, limit: right } })
      assert.equal(answer.status, 200, `${operation.name} ${right}: ${answer.text}`)
      assert.ok(answer.json.data.length <= Number(right))
    }
    looked++
  }
  assert.ok(looked >= 9, `${looked} operations`)
})

test('every operation that reads answers as its schema says', async () => {
  for (const operation of operations.filter(({ method }) => method === 'GET'))
    assertAnswer(operation, await call(operation, { query: requiredQuery(operation) }))
})

test('every operation that does something answers as its schema says', async () => {
  const consented = await server.connect(consentProvider, { artist: 2, profile: 'doing' })
  const { id } = consented
  const actor = consentProvider.actions ? consentProvider : keyProvider
  const [action, { example }] = Object.entries(actor.actions!)[0]!
  const acting = actor === consentProvider ? id : known.test.keyConnection
  const calls: [name: string, path: string, body?: unknown][] = [
    [
      'connectSessions.create',
      '/v1/connect-sessions',
      { profile: { id: 'doing' }, integrations: [keyProvider.id], inputs: {} },
    ],
    ['connections.validate', `/v1/connections/${id}/validate`],
    ['connections.sync', `/v1/connections/${id}/sync`, { streams: [Object.keys(consentProvider.streams)[0]] }],
    ['connections.refresh', `/v1/connections/${id}/refresh`],
    [
      'connections.chooseCadence',
      `/v1/connections/${id}/cadence`,
      { every: '1h', reason: 'release week', until: new Date(Date.now() + 3_600_000).toISOString() },
    ],
    ['connections.clearCadence', `/v1/connections/${id}/cadence`],
    ['backfills.create', `/v1/connections/${id}/backfill`, daysOf(-9, -3)],
    ['connections.pause', `/v1/connections/${id}/pause`],
    ['connections.resume', `/v1/connections/${id}/resume`],
    ['connections.reconnect', `/v1/connections/${id}/reconnect`, {}],
    [
      'connections.import',
      '/v1/connections/import',
      {
        connections: [
          { profile: { id: 'doing' }, integration: 'int_nothing', accessToken: 'a' },
          {
            ...{ profile: { id: 'doing' }, integration: consented.integration, accessToken: 'a', refreshToken: 'b' },
            account: { id: 'brought', name: 'Brought', kind: 'channel' },
          },
        ],
        verify: false,
      },
    ],
    ['connections.addAccounts', `/v1/connections/${id}/accounts`, { accounts: [consented.account.id] }],
    ['profiles.save', '/v1/profiles/doing', { name: 'Doing' }],
    ['identity.check', '/v1/profiles/doing/identity/check'],
    ['identity.decide', '/v1/profiles/doing/identity', { account: id, decision: 'accepted' }],
    ['actions.run', `/v1/actions/${actor.id}/${action}`, { connection: acting, input: example }],
    [
      'integrations.save',
      '/v1/integrations/second',
      { provider: consentProvider.id, clientId: 'a', clientSecret: 'secret-b' },
    ],
    ['keys.create', '/v1/keys', { name: 'made', scopes: ['metrics:read'], expiresAt: '2999-01-01T00:00:00Z' }],
    ['vault.rotateDataKeys', '/v1/vault/rotate-data-keys'],
    ['vault.rotateKey', '/v1/vault/rotate-key'],
    ['connections.validateAll', '/v1/connections/validate', { profile: 'doing' }],
    ['tasks.snooze', `/v1/tasks/${known.test.task}/snooze`, { until: new Date(Date.now() + 60_000).toISOString() }],
    ['tasks.dismiss', `/v1/tasks/${known.test.task}/dismiss`],
    ['tasks.reopen', `/v1/tasks/${known.test.task}/reopen`],
    [
      'channels.create',
      '/v1/notification-channels',
      { name: 'Made', address: { kind: 'email', to: ['a@example.com'] } },
    ],
    ['channels.change', `/v1/notification-channels/${known.test.channel}`, { name: 'Renamed' }],
    ['channels.test', `/v1/notification-channels/${known.test.channel}/test`],
    ['notices.read', '/v1/notices/read', {}],
    ['messages.replay', '/v1/messages/replay', { state: 'failed', preview: true }],
    ['endpoints.create', '/v1/endpoints', { url: 'http://127.0.0.1:9/made', signing: 'ed25519', types: ['grant.*'] }],
    ['endpoints.change', `/v1/endpoints/${known.test.endpoint}`, { description: 'Changed' }],
    ['endpoints.rotate', `/v1/endpoints/${known.test.endpoint}/rotate`],
    ['endpoints.test', `/v1/endpoints/${known.test.endpoint}/test`],
    ['endpoints.recover', `/v1/endpoints/${known.test.endpoint}/recover`, { since: new Date().toISOString() }],
    ['deliveries.resend', `/v1/deliveries/${known.test.delivery}/resend`],
    ['endpoints.remove', `/v1/endpoints/${known.test.endpoint}`],
    ['subscriptions.fix', '/v1/subscriptions/fix', {}],
    ['providers.register', '/v1/providers', ownPlatform('made')],
    ['providers.remove', '/v1/providers/made'],
    ['connections.disconnect', `/v1/connections/${id}`],
  ]
  for (const [name, path, body] of calls) {
    const operation = operations.find((one) => one.name === name)!
    assertAnswer(operation, await server.ask(operation.method, path, { body }))
  }
  for (const move of ['pause', 'resume', 'cancel']) {
    const operation = operations.find(({ name }) => name === `backfills.${move}`)!
    assertAnswer(operation, await server.ask('POST', `/v1/backfills/${known.test.backfill}/${move}`))
  }
  const made = await server.ask('POST', '/v1/keys', { body: { name: 'short', scopes: ['metrics:read'] } })
  const revoke = operations.find(({ name }) => name === 'keys.revoke')!
  assertAnswer(revoke, await server.ask('DELETE', `/v1/keys/${made.json.id}`))
  const remove = operations.find(({ name }) => name === 'channels.remove')!
  const brief = { name: 'Brief', address: { kind: 'webhook', url: 'https://example.com/' } }
  const channel = await server.ask('POST', '/v1/notification-channels', { body: brief })
  assertAnswer(remove, await server.ask('DELETE', `/v1/notification-channels/${channel.json.id}`))
  const join = operations.find(({ name }) => name === 'channels.join')!
  const device = await server.ask('POST', '/v1/notification-channels', {
    body: { name: 'D', address: { kind: 'push' } },
  })
  const p256dh = createECDH('prime256v1').generateKeys('base64url')
  const body = { endpoint: 'https://push.example/1', keys: { p256dh, auth: Buffer.alloc(16).toString('base64url') } }
  assertAnswer(join, await server.ask('POST', `/v1/notification-channels/${device.json.id}/join`, { body }))
})

test('no operation was left out', () => {
  const unseen = operations.filter(({ name }) => !seen.has(name)).map(({ name }) => name)
  assert.deepEqual(unseen, [], 'say in this file how these are called')
})

test('every answer, good or bad, has the headers that keep browsers from guessing, framing and keeping it', async () => {
  const paths = [
    '/v1/profiles',
    '/v1/nothing',
    '/v1/%zz',
    `/v1/profiles/${'x'.repeat(400)}`,
    '/health',
    '/ready',
    '/openapi.json',
    '/connect?token=x',
    '/oauth/callback/x',
    '/reference/faults',
    '/v1/proxy/con_x/y',
    '/hooks/int_nothing',
  ]
  for (const path of paths) {
    const { status, headers, json } = await server.ask('GET', path)
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
    assert.equal(headers.get('cache-control'), 'no-store', path)
    assert.equal(headers.get('referrer-policy'), 'no-referrer', path)
    assert.equal(headers.get('x-frame-options'), 'DENY', path)
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/, path)
    assert.match(headers.get('x-request-id') ?? '', /^req_/, path)
    if (status >= 400 && json) assert.equal(json.requestId, headers.get('x-request-id'), path)
    assert.equal(headers.get('server'), null)
    assert.equal(headers.get('access-control-allow-origin'), null)
  }
})

test('lists are walked page by page: nothing twice, nothing left out', async () => {
  for (let index = 0; index < 7; index++) await server.ask('PUT', `/v1/profiles/page-${index}`, { body: { name: 'P' } })
  let walked = 0
  for (const operation of operations.filter(({ query }) => query.some(({ name }) => name === 'cursor'))) {
    const query = requiredQuery(operation)
    const whole = (await call(operation, { query: { ...query, limit: '200' } })).json.data.map(identityOf)
    const found: string[] = []
    let cursor: string | undefined
    do {
      const { json } = await call(operation, { query: { ...query, limit: '2', cursor } })
      assert.ok(json.data.length <= 2)
      found.push(...json.data.map(identityOf))
      assert.notEqual(json.nextCursor, cursor ?? '')
      cursor = json.nextCursor ?? undefined
    } while (cursor !== undefined && found.length < 400)
    assert.equal(new Set(found).size, found.length, operation.name)
    const missing = whole.slice(0, found.length).filter((row: string) => !found.includes(row))
    assert.deepEqual(missing, [], operation.name)
    if (found.length > 2) walked++
    for (const wrong of ['x'.repeat(201), '\u0000', '9'.repeat(20)])
      assert.ok(
        (await call(operation, { query: { ...query, cursor: wrong } })).status < 500,
        `${operation.name} ${wrong}`,
      )
  }
  assert.ok(walked >= 5, `${walked} lists had more than one page`)
})

test('the same Idempotency-Key and request have one effect and one answer', async () => {
  const headers = { 'idempotency-key': 'make-one' }
  const body = { name: 'once', scopes: ['metrics:read'] }
  const [first, again] = [
    await server.ask('POST', '/v1/keys', { body, headers }),
    await server.ask('POST', '/v1/keys', { body, headers }),
  ]
  assert.equal(first.status, 201)
  assert.deepEqual([again.status, again.json], [201, first.json])
  assert.equal(again.headers.get('idempotent-replayed'), 'true')

  assertProblem(
    await server.ask('POST', '/v1/keys', { body: { ...body, name: 'else' }, headers }),
    422,
    'input.invalid',
  )
  assertProblem(
    await server.ask('POST', '/v1/connect-sessions', { body: { profile: { id: 'x' } }, headers }),
    422,
    'input.invalid',
  )
  const stranger = await server.keyOf(server.environments.test, ['*'])
  assertProblem(await server.ask('POST', '/v1/keys', { key: stranger, body, headers }), 422, 'input.invalid')
  // Another environment has keys of its own.
  const theirs = await server.ask('POST', '/v1/keys', { key: server.keys.other, body, headers })
  assert.equal(theirs.status, 201)
  assert.notEqual(theirs.json.text, first.json.text)

  const { json } = await server.ask('GET', '/v1/keys')
  assert.equal(json.data.filter(({ name }: { name: string }) => name === 'once').length, 1)
  for (const wrong of ['', ' ', 'x'.repeat(201)])
    assert.ok(
      (await server.ask('POST', '/v1/keys', { body, headers: { 'idempotency-key': wrong } })).status >= 400 ||
        wrong === '',
    )
})

test('fifty at once with one Idempotency-Key have one effect', async () => {
  const headers = { 'idempotency-key': 'fifty' }
  const body = { name: 'fifty', scopes: ['metrics:read'] }
  const answers = await Promise.all(Array.from({ length: 50 }, () => server.ask('POST', '/v1/keys', { body, headers })))
  const made = answers.filter(({ status }) => status === 201)
  for (const answer of answers.filter(({ status }) => status !== 201)) assertProblem(answer, 409, 'input.conflict')
  assert.ok(made.length >= 1)
  assert.equal(new Set(made.map(({ json }) => json.text)).size, 1)
  const { json } = await server.ask('GET', '/v1/keys')
  assert.equal(json.data.filter(({ name }: { name: string }) => name === 'fifty').length, 1)
})

test('a refusal that lasts is replayed as the problem it was', async () => {
  const asking = { body: {}, headers: { 'idempotency-key': 'refused' } }
  const [first, again] = [
    await server.ask('POST', '/v1/connections/con_nothing/reconnect', asking),
    await server.ask('POST', '/v1/connections/con_nothing/reconnect', asking),
  ]
  assertProblem(first, 404, 'input.unknown')
  assertProblem(again, 404, 'input.unknown')
  assert.equal(again.headers.get('idempotent-replayed'), 'true')
})

test('what is kept of answers tells nobody who reads the database anything', async () => {
  const headers = { 'idempotency-key': 'secret-answers' }
  const key = await server.ask('POST', '/v1/keys', { body: { name: 'kept' }, headers })
  const session = await server.ask('POST', '/v1/connect-sessions', {
    body: { profile: { id: 'nova' } },
    headers: { 'idempotency-key': 'secret-session' },
  })
  const dump = [...(await server.dump()).values()].join('\n')
  assert.ok(dump.includes('secret-answers'))
  assert.ok(!dump.includes(key.json.text))
  assert.ok(!dump.includes(session.json.token))
})

test('a key is made, used and revoked; the next request is refused', async () => {
  const made = await server.ask('POST', '/v1/keys', {
    body: { name: 'brief', scopes: ['connections:read', 'keys:write'] },
  })
  const key: string = made.json.text
  assert.match(key, /^pb_test_[a-z2-7]{38}$/)
  assert.equal((await server.ask('GET', '/v1/profiles', { key })).status, 200)
  assertProblem(
    await server.ask('POST', '/v1/keys', { key, body: { name: 'wider', scopes: ['*'] } }),
    403,
    'input.forbidden',
  )
  assertProblem(
    await server.ask('POST', '/v1/keys', { key, body: { name: 'odd', scopes: ['everything'] } }),
    403,
    'input.forbidden',
  )
  assertProblem(
    await server.ask('POST', '/v1/keys', { body: { name: 'odd', scopes: ['everything'] } }),
    422,
    'input.invalid',
  )
  for (const expiresAt of ['2001-01-01T00:00:00Z', 'soon', ''])
    assertProblem(await server.ask('POST', '/v1/keys', { body: { name: 'old', expiresAt } }), 422, 'input.invalid')

  assert.equal((await server.ask('DELETE', `/v1/keys/${made.json.id}`)).status, 200)
  assertProblem(await server.ask('GET', '/v1/profiles', { key }), 401, 'input.unauthenticated')
  assertProblem(await server.ask('DELETE', `/v1/keys/${made.json.id}`), 404, 'input.unknown')
  const { json } = await server.ask('GET', '/v1/keys')
  assert.ok(!JSON.stringify(json).includes(key))
  const audit = (await server.ask('GET', `/v1/audit?subject=${made.json.id}`)).json.data
  assert.deepEqual(
    audit.map(({ action }: { action: string }) => action),
    ['key.revoked', 'key.created'],
  )
})

test('RateLimit headers say what is left', async () => {
  const key = await server.keyOf(server.environments.test, ['connections:read'])
  const left = []
  for (let index = 0; index < 3; index++) {
    const { headers } = await server.ask('GET', '/v1/profiles', { key })
    assert.match(headers.get('ratelimit-policy') ?? '', /^"default";q=6000;w=60$/)
    left.push(Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]))
  }
  assert.deepEqual(left, [5999, 5998, 5997])
})

test('bodies that are meant to hurt are refused, and the server goes on', async () => {
  const bombs: [what: string, body: string][] = [
    ['deep arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['deep objects', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
    ['never closed', '['.repeat(500_000)],
    ['deep inside what may be anything', `{"connection":"c","input":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    ['many keys', `{${Array.from({ length: 90_000 }, (_, index) => `"k${index}":1`).join(',')}}`],
    ['a long key', `{"${'k'.repeat(900_000)}":1}`],
    ['huge', `{"name":"${'x'.repeat(1_100_000)}"}`],
    ['no double', '{"name":1e400}'],
    ['__proto__', '{"name":"x","__proto__":{"admin":true}}'],
    ['__proto__, escaped', '{"name":"x","__pr\\u006fto__":{"admin":true}}'],
    ['constructor', '{"name":"x","constructor":{"prototype":{"admin":true}}}'],
    ['NaN', '{"name":NaN}'],
    ['a byte order mark', '\ufeff{'],
    ['half a character', '{"name":"\\ud800"}, '],
    ['an array', '[]'],
    ['a text', '"x"'],
    ['null bytes', '{"name":"a\\u0000b"'],
  ]
  for (const [what, body] of bombs) {
    for (const headers of [{}, { 'idempotency-key': `bomb ${what}`.replaceAll(/\W/g, '-') }]) {
      for (const path of ['/v1/keys', `/v1/actions/${keyProvider.id}/any`, '/v1/connections/con_x/pause']) {
        const answer = await server.ask('POST', path, { body, headers: headers as Record<string, string> })
        assert.ok(
          answer.status >= 400 && answer.status < 500,
          `${what} at ${path}: ${answer.status} ${answer.text.slice(0, 200)}`,
        )
        assert.equal(answer.headers.get('content-type'), 'application/problem+json')
        assert.ok(answer.text.length < 4000, `${what}: ${answer.text.length} characters`)
      }
    }
  }
  assert.equal((await server.ask('GET', '/health')).status, 200)
  assert.equal(({} as { admin?: boolean }).admin, undefined)
})

/** Ends a text, a name or a statement in every way that PostgreSQL knows, and says so when it is taken for SQL. */
const asSql = [
  `'; drop table connection cascade; --`,
  `") or 1=1; select pg_sleep(60); --`,
  `x' union select text from "user" --`,
  `\\'; $$ begin raise exception 'taken'; end $$`,
  `order by (select 1/0), desc limit 9e9`,
  `${'ß'.repeat(31)}'"`,
]

test('T56: no text that a caller may send is ever SQL', async () => {
  const before = (await server.ask('GET', '/v1/connections?limit=200')).json.data.length
  const bugs = () => server.lines.filter((line) => line.includes('"api.bug"') || line.includes('store_in_the_way'))
  const bugsBefore = bugs().length
  let sent = 0
  const harmless = async (operation: Operation, options: Parameters<typeof call>[1], what: string) => {
    const { status, text } = await call(operation, options)
    assert.ok(status < 500, `${operation.name} ${what}: ${text}`)
    sent++
  }
  for (const operation of operations) {
    for (const text of asSql) {
      if (operation.path.includes('{'))
        await harmless(operation, { params: () => encodeURIComponent(text), query: requiredQuery(operation) }, text)
      for (const { name } of operation.query)
        await harmless(operation, { query: { ...requiredQuery(operation), [name]: text } }, `${name}=${text}`)
    }
    const { properties = {} } = (operation.body ?? {}) as { properties?: Record<string, unknown> }
    // What is taken makes things, and one text of them all says as much.
    if (operation.method !== 'GET' && !operation.path.includes('{') && !remakes.has(operation.name))
      for (const name of Object.keys(properties)) await harmless(operation, { body: { [name]: asSql[0] } }, name)
  }
  assert.ok(sent > 500, `${sent} requests`)
  assert.deepEqual(bugs().slice(bugsBefore), [])
  assert.equal((await server.ask('GET', '/v1/connections?limit=200')).json.data.length, before)
  // As a name it is kept as what it is.
  for (const name of asSql) {
    const id = `named-${asSql.indexOf(name)}`
    assert.equal((await server.ask('PUT', `/v1/profiles/${id}`, { body: { name } })).status, 200)
    assert.equal((await server.ask('GET', `/v1/profiles/${id}`)).json.name, name)
  }
})

/** Whoever sends nothing more than they need has all keys exchanged. */
const remakes = new Set(['vault.rotateKey', 'vault.rotateDataKeys'])

test('metrics: what cannot be added or compared is refused, and says what can be had', async () => {
  const { connection, profile } = known.test
  const refused = async (path: string, says: RegExp, field: string) => {
    const answer = await server.ask('GET', path)
    assertProblem(answer, 422, 'input.invalid', path)
    assert.match(answer.json.detail, says, path)
    assert.equal(answer.json.field, field, path)
  }
  const of = `connection=${connection}`
  await refused(`/v1/metrics?${of}&granularity=week`, /Name the metrics/, 'metric')
  await refused(`/v1/metrics?${of}&granularity=week&metric=engagement.reach_daily`, /Ask for days/, 'granularity')
  await refused(`/v1/metrics?${of}&compare=year`, /latest value has no period/, 'compare')
  await refused(`/v1/metrics?${of}&maxAge=${'9'.repeat(400)}d`, /query: maxAge/, 'maxAge')
  await refused(`/v1/metrics?${of}&metric=fans`, /There is no metric "fans"/, 'metric')
  for (const day of ['2026-02-31', '2026-13-01', '0000-01-01', '9999-12-31', '2026-1-1'])
    await refused(`/v1/metrics?${of}&granularity=day&from=${day}`, /query: from/, 'from')
  await refused(
    `/v1/metrics/totals?profile=${profile}&metric=audience.followers`,
    /Take the number of each account/,
    'metric',
  )
  await refused(`/v1/metrics/totals?profile=${profile}`, /query: metric/, 'metric')
  const wrong = `/v1/metrics/revisions?${of}&metric=audience.followers&day=2026-10-05`
  await refused(`${wrong}&dimensions=FR`, /JSON object of texts/, 'dimensions')
  await refused(`${wrong}&cursor=x`, /query: cursor/, 'cursor')
  await refused(`/v1/metrics/revisions?${of}&metric=fans&day=2026-10-05`, /There is no metric/, 'metric')
})

test('metrics: weeks beside weeks, the parts of a total, and what a number was before', async () => {
  const { connection, profile } = known.test
  const api = server.client()
  const day = '2015-03-02'
  const numbers = (values: number[], runId: string) =>
    pageOf({
      ...{ connectionId: connection, stream: 'weeks', runId },
      observations: values.map((value, i) =>
        observed(value, { metric: 'engagement.saves_daily', day: addDays(day, i), native: 'saves' }),
      ),
    })
  const save = (values: number[], runId: string, at: number) =>
    server.engine.deps.records.save(server.environments.test.id, [numbers(values, runId)], { at, actor: 'system' })
  const at = Date.parse('2026-04-01T00:00:00Z')
  await save([...Array(7).fill(1), ...Array(7).fill(3)], 'run_first', at)
  await save([...Array(7).fill(1), 3, 3, 4, 3, 3, 3, 3], 'run_second', at + 1)
  const asked = { metric: 'engagement.saves_daily', from: day, to: '2015-03-15', granularity: 'week' } as const
  const { data } = await api.metrics.query({ connection, compare: 'previous', ...asked })
  assert.deepEqual(
    data.map(({ value, comparison }) => [value, comparison?.change, comparison?.reason]),
    [
      [7, null, 'no_earlier_value'],
      [22, 15, null],
    ],
  )
  const totals = await api.metrics.totals({ profile, ...asked })
  assert.deepEqual(
    totals.data.map(({ known, parts }) => [known, parts.find(({ value }) => value !== null)?.connection]),
    [
      [7, connection],
      [22, connection],
    ],
  )
  const wanted = { connection, metric: asked.metric, day: '2015-03-11' }
  const history = await api.metrics.revisions(wanted)
  assert.deepEqual(
    history.data.map(({ value, run, replacedBy }) => [value, run, replacedBy?.observedAt ?? null]),
    [
      [4, 'run_second', null],
      [3, 'run_first', new Date(at + 1).toISOString()],
    ],
  )
  const first = await api.metrics.revisions({ ...wanted, limit: 1 })
  assert.equal(first.nextCursor, '1')
  assert.deepEqual((await api.metrics.revisions({ ...wanted, cursor: '1' })).data, history.data.slice(1))
})

test('an export is the rows, in each format, and nothing of another environment', async () => {
  const { connection } = known.test
  const read = async (format: string, key = server.keys.test) => {
    const path = `/v1/metrics/export?connection=${connection}&format=${format}`
    return fetch(new URL(path, server.url), { headers: { authorization: `Bearer ${key}` } })
  }
  await readAll(server.client(), connection)
  const { data } = await server.client().metrics.query({ connection, granularity: 'day', limit: 20_000 })
  const lines = (await (await read('json')).text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const ofAccount = lines.filter(({ item }) => item === null)
  const keyOf = (metric: string, day: string, value: number | null) => `${metric} ${day} ${value}`
  assert.deepEqual(
    ofAccount.map(({ metric, day, value }) => keyOf(metric, day, value)),
    data.map(({ metric, period, value }) => keyOf(metric, period.day, value)),
  )
  assert.ok(ofAccount.length > 0 && lines.length >= ofAccount.length)
  const csv = await read('csv')
  assert.equal(csv.headers.get('content-type'), 'text/csv; charset=utf-8; header=present')
  assert.equal((await csv.text()).trim().split('\r\n').length, 1 + lines.length)
  const parquet = Buffer.from(await (await read('parquet')).arrayBuffer())
  assert.deepEqual([parquet.subarray(0, 4).toString(), parquet.subarray(-4).toString()], ['PAR1', 'PAR1'])
  assert.equal((await read('csv', server.keys.other)).status, 404)
  const theirs = await server.ask('GET', '/v1/metrics/export?format=json', { key: server.keys.other })
  assert.ok(theirs.text.includes(known.other.connection) && !theirs.text.includes(connection))
  for (const [query, says] of [
    ['format=xml', /query: format/],
    ['from=2026-02-01&to=2026-01-01', /from is after to/],
  ] as const)
    assert.match((await server.ask('GET', `/v1/metrics/export?${query}`)).json.detail, says)
  const head = await server.ask('HEAD', `/v1/metrics/export?connection=${connection}`)
  assert.deepEqual([head.status, head.text], [200, ''])
})

test('an export that fails in the middle breaks off and is no whole file; four run at once, and room comes back', async () => {
  const { records } = server.engine.deps
  const real = records.scan
  const path = `/v1/metrics/export?connection=${known.test.connection}`
  const ask = () => fetch(new URL(path, server.url), { headers: { authorization: `Bearer ${server.keys.test}` } })
  let calls = 0
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  try {
    Object.assign(records, {
      scan: async () => {
        calls++
        await released
        throw new Error('the disk is gone')
      },
    })
    const running = await Promise.all([ask(), ask(), ask(), ask()])
    assert.deepEqual(
      running.map(({ status }) => status),
      [200, 200, 200, 200],
    )
    assertProblem(await server.ask('GET', path), 429, 'input.throttled')
    const before = server.lines.length
    release()
    for (const answer of running) await assert.rejects(answer.text(), TypeError)
    assert.equal(calls, 4)
    const logged = server.lines.slice(before).filter((line) => line.includes('the disk is gone'))
    assert.equal(logged.length, 4)
  } finally {
    Object.assign(records, { scan: real })
  }
  assert.equal((await server.ask('GET', path)).status, 200)
})

test('a text that no column takes is refused and not a bug', async () => {
  for (const name of ['a\u0000b', '\ud800']) {
    const answer = await server.ask('POST', '/v1/keys', { body: { name } })
    assert.ok(answer.status < 500, `${JSON.stringify(name)}: ${answer.text}`)
    const session = await server.ask('POST', '/v1/connect-sessions', { body: { profile: { id: 'odd', name } } })
    assert.ok(session.status < 500, `${JSON.stringify(name)}: ${session.text}`)
    const saved = await server.ask('PUT', '/v1/profiles/odd', { body: { name } })
    assert.ok(saved.status < 500, `${JSON.stringify(name)}: ${saved.text}`)
  }
})

test('only JSON is taken', async () => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
  ]) {
    const answer = await server.ask('POST', '/v1/keys', { body: '{"name":"x"}', headers: { 'content-type': type } })
    assertProblem(answer, 422, 'input.invalid', type)
    assert.match(answer.json.detail, /^Send JSON/, type)
  }
})

test('requests that servers read differently from each other are refused with a problem, and the connection ends', async () => {
  const { host } = new URL(server.url)
  const auth = `Host: ${host}\r\nAuthorization: Bearer ${server.keys.test}\r\n`
  const raw = [
    `POST /v1/keys HTTP/1.1\r\n${auth}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `POST /v1/keys HTTP/1.1\r\n${auth}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
    `POST /v1/keys HTTP/1.1\r\n${auth}Transfer-Encoding: chunked, identity\r\n\r\n{}`,
    `GET /v1/profiles HTTP/1.1\r\n${auth}X-Odd: a\rb\r\n\r\n`,
    `GET /v1/profiles HTTP/1.1\r\n${auth}X Odd: a\r\n\r\n`,
    `GET /v1/profiles HTTP/1.1\r\n${auth} folded: a\r\n\r\n`,
    `GET /v1/profiles HTTP/1.1\r\n${auth}X-Long: ${'a'.repeat(20_000)}\r\n\r\n`,
    'nonsense\r\n\r\n',
  ]
  for (const text of raw) {
    const answer = await sendRaw(text)
    assert.match(answer, /^HTTP\/1\.1 4\d\d /, `${text.slice(0, 200)} → ${answer.slice(0, 300)}`)
    assert.match(answer, /application\/problem\+json/, text.slice(0, 200))
    assert.match(answer, /connection: close/i, text.slice(0, 200))
  }
  assert.equal((await server.ask('GET', '/health')).status, 200)
})

test('a role does what its scopes say, in every operation (T62); a page of another origin does nothing with the session (T60)', async () => {
  const headers = await signIn()
  const roles: Record<string, (scope: string) => boolean> = {
    owner: () => true,
    member: (scope) => /^(connections|metrics|actions):|:read$/.test(scope) && !ownersOnly.has(scope),
    viewer: (scope) => scope.endsWith(':read') && !ownersOnly.has(scope),
  }
  for (const [role, may] of Object.entries(roles)) {
    await setRole(role)
    for (const operation of operations) {
      const { status, json } = await call(operation, { key: null, headers, query: { unheard_of: '1' } })
      assert.equal(status, may(operation.scope) ? 422 : 403, `${role} ${operation.name}`)
      if (status === 403) assert.match(json.detail, /Your role does not allow this: .* An owner can/, operation.name)
    }
  }
  await setRole('owner')
  assert.equal((await server.ask('GET', '/v1/profiles', { key: null, headers })).status, 200)
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  for (const more of foreign) {
    for (const [method, path, body] of [
      ['GET', '/v1/profiles'],
      ['POST', '/v1/keys', { name: 'forged' }],
      ['GET', `/v1/proxy/${known.test.connection}/me`],
    ] as const)
      assertProblem(
        await server.ask(method, path, { key: null, headers: { ...headers, ...more }, body }),
        403,
        'input.forbidden',
        JSON.stringify(more),
      )
  }
  const wrong = { ...headers, 'x-patchbay-environment': 'env_nothing' }
  assert.equal((await server.ask('GET', '/v1/profiles', { key: null, headers: wrong })).status, 401)
})

/** What others may not even read. */
const ownersOnly = new Set(['credentials:read', 'vault:read'])

// Helpers.

function readOperations(document: Schema): Operation[] {
  return Object.entries<Record<string, Schema>>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const [[status, response]] = Object.entries<Schema>(operation.responses) as [[string, Schema]]
      return {
        ...{ name: operation.operationId, method: method.toUpperCase(), path },
        scope: operation.security[0].key[0],
        query: (operation.parameters ?? []).filter((parameter: Schema) => parameter.in === 'query'),
        body: operation.requestBody?.content['application/json'].schema ?? null,
        status: Number(status),
        answer: response.content['application/json']?.schema ?? null,
      }
    }),
  )
}

/** What can be asked for in an environment: a profile with connections whose first numbers are in. */
async function fill(name: 'test' | 'other') {
  const key = server.keys[name]
  const profile = `profile-of-${name}`
  const [first, second] = [
    await server.connect(consentProvider, { profile, key, artist: name === 'test' ? 0 : 1 }),
    await server.connect(keyProvider, { profile, key, artist: name === 'test' ? 0 : 1 }),
  ]
  const api = server.client(key)
  const session = await api.connectSessions.create({ profile: { id: profile } })
  const made = await api.keys.create({ name: 'known', scopes: ['metrics:read'] })
  const channel = await api.channels.create({ name: 'known', address: { kind: 'email', to: ['known@example.com'] } })
  const task = `tsk_of_${name}`
  await server.engine.deps.journal.note(server.environments[name].id, {
    at: server.engine.deps.clock.now(),
    actor: 'system',
    openTasks: [
      {
        ...{ id: task, kind: 'reconnect', connectionId: first.id, title: 'Known', description: 'D' },
        ...{ category: 'connection', priority: 'high', impact: 50, dueAt: null },
      },
    ],
  })
  const { id: backfill } = await api.backfills.create({ id: first.id, ...daysOf(-20, -10) })
  // Nothing is to take it up meanwhile.
  await server.engine.deps.backfills.claim({ now: 1e13, until: 2e12, claim: 'test' })
  const message = `msg_of_${name}`
  const { deps } = server.engine
  const now = deps.clock.now()
  const environmentId = server.environments[name].id
  await deps.inbox.store([
    {
      ...{ id: message, environmentId, integrationId: first.integration, provider: first.provider, callback: null },
      ...{ dedupe: message, accounts: ['known'], types: ['known'], headers: { 'x-known': 'yes' } },
      ...{ body: Buffer.from('known'), receivedAt: now, signedAt: null },
    },
  ])
  await deps.typedRecords.save(
    environmentId,
    [
      {
        ...{ connectionId: first.id, kind: 'comment', key: 'known', id: `rec_of_${name}`, data: { text: 'known' } },
        ...{ at: now, removed: false, messageId: message },
      },
    ],
    { at: now, of: () => ({ at: now, actor: 'system' }) },
  )
  const endpoint = await api.endpoints.create({ url: 'http://127.0.0.1:9/nobody', profiles: ['nobody'] })
  const { data: events } = await api.events.list({ limit: 1 })
  const platform = `platform-of-${name}`
  assert.equal((await server.ask('POST', '/v1/providers', { key, body: ownPlatform(platform) })).status, 201)
  const { data } = await api.metrics.query({ connection: first.id })
  const runs = await api.runs.list({ connection: first.id })
  return {
    ...{ profile, connection: first.id, keyConnection: second.id, integration: first.integration },
    ...{
      session: session.id,
      key: made.id,
      point: data[0]!,
      run: runs.data[0]!.id,
      task,
      channel: channel.id,
      platform,
      backfill,
      message,
    },
    ...{ endpoint: endpoint.id, delivery: `${events[0]!.id}.${endpoint.id}` },
  }
}

/** Days around today of the stream whose past can be read. */
function daysOf(first: number, last: number) {
  const [stream] = Object.entries(consentProvider.streams).find(([, { backfill }]) => backfill)!
  const today = new Date().toISOString().slice(0, 10)
  return { stream, from: addDays(today, first), to: addDays(today, last) }
}

/** What the example of the guide says, under another id. */
const ownPlatform = (id: string) => ({ ...exampleDefinition(), id })

/** Operations that make what they name. */
const makes = new Set(['profiles.save', 'integrations.save'])
/** What stands in their path is no id of anybody's. */
const ofAll = new Set(['records.list'])

function idOf(ids: Known, { path }: Operation, name: string): string {
  if (name === 'connection') return ids.connection
  if (name === 'profile') return ids.profile
  if (name === 'run') return ids.run
  if (name === 'subject') return ids.connection
  if (name === 'stream') return Object.keys(consentProvider.streams)[0]!
  if (name === 'provider') return keyProvider.id
  if (name === 'action') return 'anything'
  if (path.startsWith('/v1/connections')) return ids.connection
  if (path.startsWith('/v1/profiles')) return ids.profile
  if (path.startsWith('/v1/connect-sessions')) return ids.session
  if (path.startsWith('/v1/keys')) return ids.key
  if (path.startsWith('/v1/integrations')) return ids.integration
  if (path.startsWith('/v1/tasks')) return ids.task
  if (path.startsWith('/v1/backfills')) return ids.backfill
  if (path.startsWith('/v1/notification-channels')) return ids.channel
  if (path.startsWith('/v1/messages')) return ids.message
  if (path.startsWith('/v1/records')) return 'comment'
  if (path.startsWith('/v1/endpoints')) return ids.endpoint
  if (path.startsWith('/v1/deliveries')) return ids.delivery
  if (path.startsWith('/v1/providers')) return ids.platform
  throw new Error(`Say what {${name}} of ${path} is.`)
}

function requiredQuery({ name, query }: Operation): Record<string, string> {
  const { point, profile, connection } = known.test
  // The number that is known may be one that cannot be added.
  const metric = name === 'metrics.totals' ? 'engagement.likes' : point.metric
  const values: Record<string, string> = { connection, metric, day: point.period.day, provider: consentProvider.id }
  const required = Object.fromEntries(query.filter((one) => one.required).map(({ name }) => [name, values[name] ?? '']))
  const needsOne = query.some(({ name }) => name === 'profile') && !required.connection
  return needsOne && query.length > 1 ? { ...required, profile } : required
}

async function call(
  operation: Operation,
  options: Asking & {
    params?: (name: string) => string
    query?: Record<string, string | undefined>
    body?: Record<string, unknown>
  } = {},
): Promise<Answer> {
  const { params = (name: string) => idOf(known.test, operation, name), query = {}, body, ...rest } = options
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params(name))
  const search = new URLSearchParams(
    Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
  const needsBody = operation.method !== 'GET' && (operation.body || body)
  return server.ask(operation.method, `${path}${search.size > 0 ? `?${search}` : ''}`, {
    ...rest,
    ...(needsBody && { body: { ...sample(operation.body), ...body } }),
  })
}

/** A body that the schema takes, with what it requires and nothing more. */
function sample(schema: Schema): Record<string, unknown> {
  if (!schema) return {}
  const values: Record<string, unknown> = {
    provider: keyProvider.id,
    connection: 'con_nothing',
    profile: { id: 'sample' },
    accounts: ['sample'],
    keys: { p256dh: 'sample', auth: 'sample' },
    decision: 'accepted',
    every: '1h',
    until: '2999-01-01T00:00:00Z',
    from: '2026-01-01',
    to: '2026-01-02',
  }
  return Object.fromEntries((schema.required ?? []).map((name: string) => [name, values[name] ?? 'sample']))
}

function assertAnswer(operation: Operation, answer: Answer): void {
  assert.equal(answer.status, operation.status, `${operation.name}: ${answer.text}`)
  if (operation.answer === null) {
    assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename="\w+\.\w+"$/, operation.name)
    seen.add(operation.name)
    return
  }
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
  assert.ok(
    ajv.validate(operation.answer, answer.json),
    `${operation.name}: ${ajv.errorsText()} in ${answer.text.slice(0, 600)}`,
  )
  seen.add(operation.name)
}

/** RFC 9457, with what we add. */
function assertProblem(answer: Answer, status: number, code: keyof typeof faults, about = ''): void {
  const { json, headers } = answer
  assert.equal(answer.status, status, `${about}: ${answer.text}`)
  assert.equal(headers.get('content-type'), 'application/problem+json', about)
  const formed: boolean = isProblem(answer.json)
  assert.ok(formed, `${about}: ${ajv.errorsText(isProblem.errors)} in ${answer.text}`)
  const { type, title, detail, requestId, fixedBy, retry } = json
  assert.deepEqual(
    { code: json.code, status: json.status, title, type, fixedBy, retry },
    {
      code,
      status,
      title: faults[code].says,
      type: `/reference/faults#${code}`,
      fixedBy: faults[code].fixedBy,
      retry: faults[code].retry,
    },
    about,
  )
  assert.equal(typeof detail, 'string')
  assert.equal(requestId, headers.get('x-request-id'))
}

/** A problem or an empty list, without what is different in every answer. */
function sameIds({ status, json, text }: Answer): unknown {
  const { requestId: _, ...rest } = json ?? { text }
  const ids = [
    ...Object.values(known.other).filter((id) => typeof id === 'string'),
    'nothing_of_that_name',
    'con_nothing',
  ]
  return { status, text: ids.reduce<string>((text, id) => text.replaceAll(id as string, 'ID'), JSON.stringify(rest)) }
}

function identityOf(row: Record<string, unknown>): string {
  return `${row.connection ?? ''} ${row.id ?? row.sequence ?? row.revision}`
}

function sendRaw(text: string): Promise<string> {
  const { port, hostname } = new URL(server.url)
  return new Promise((resolve, reject) => {
    const socket = connectSocket(Number(port), hostname, () => socket.write(text))
    let answer = ''
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no end after ${answer.slice(0, 200)}`)))
    socket.on('data', (piece) => {
      answer += piece
    })
    socket.on('close', () => resolve(answer)).on('error', (error) => (answer ? resolve(answer) : reject(error)))
  })
}

/** The owner's session, as a browser on our own page would send it. */
async function signIn(): Promise<Record<string, string>> {
  const link = await fetch(await server.server.people.ownerLink(), { redirect: 'manual' })
  const cookie = link.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
  return { cookie, 'sec-fetch-site': 'same-origin', 'x-patchbay-environment': server.environments.test.id }
}

async function setRole(role: string): Promise<void> {
  const sql = new pg.Client({ connectionString: server.database.url })
  await sql.connect()
  await sql.query('update people."user" set role = $1', [role])
  await sql.end()
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)
}
