import assert from 'node:assert/strict'
import { type Account, minute } from '@patchbay/kit'
import type { Network } from '../../ports/network.ts'
import { fails } from '../test-faults.ts'
import { connectStory as story } from './test-stories.ts'
import { accountOf, type WorldOptions } from './test-world.ts'

story('an artist connects an account, and its streams are planned', async (world) => {
  const { connectAccount, stores, environment, artists } = world
  const { connection, redirect, result, session } = await connectAccount()
  assert.equal(redirect, `http://127.0.0.1:4400/connect/done?session=${session.id}`)
  assert.deepEqual(result, { connectionIds: [connection.id] })
  assert.deepEqual(
    [connection.state, connection.profileId, connection.account.id, connection.missingScopes],
    ['pending', 'nova', artists[0]!.key, []],
  )
  const slots = await stores.schedule.of(environment.id, [connection.id])
  assert.deepEqual(
    slots.map(({ stream, lane, blocked }) => [stream, lane, blocked]),
    [
      ['fans', 'scheduled', null],
      ['profile', 'interactive', null],
    ],
  )
  assert.equal(slots[1]!.dueAt, world.clock.now())
  assert.ok(slots[0]!.dueAt <= world.clock.now() + 15 * minute)
  assert.deepEqual(world.events(), ['connection.created'])
  const { body } = await world.call(connection)
  assert.equal((body as { id: string }).id, artists[0]!.key)
  const state = await world.connect.sessionState(environment, session.id)
  assert.deepEqual([state.state, state.connections], ['done', [connection.id]])
})

for (const [error, code] of [
  ['access_denied', 'connection.declined'],
  ['invalid_scope', 'setup.credentials'],
  ['redirect_uri_mismatch', 'setup.redirect'],
  ['temporarily_unavailable', 'provider.down'],
  ['<script>', 'provider.rejected'],
] as const)
  story(`the platform says ${error}: ${code}, and the owner may try again`, async (world) => {
    const session = await world.sessionOf()
    const first = await world.begin(session)
    const { state, iss } = await world.consent(first.redirect)
    const { result, redirect } = await world.connect.callback(world.integrationId, { state, iss, error }, first.cookie)
    assert.equal('fault' in result && result.fault, code)
    assert.ok(redirect.endsWith(`/connect?session=${session.id}&problem=${code}`))
    assert.deepEqual(world.events(), ['connect.failed'])
    const second = await world.begin(session, first.cookie)
    const ended = await world.connect.callback(world.integrationId, await world.consent(second.redirect), first.cookie)
    assert.ok('connectionIds' in ended.result)
  })

story('a reconnect keeps id and history, wakes the streams and closes the task', async (world) => {
  const { connection } = await world.connectAccount()
  const { environment, stores } = world
  const change = { from: ['pending'], to: 'needs_reauth', reason: 'revoked' } as const
  await stores.connections.move(environment.id, connection.id, change, { at: world.clock.now(), actor: 'system' })
  await stores.schedule.block(environment.id, connection.id, { blocked: 'needs_reauth' })
  await world.clock.sleep(minute)
  const again = await world.connectAccount({ reconnect: connection.id })
  assert.deepEqual(
    [again.connection.id, again.connection.state, again.connection.grantId, again.connection.createdAt],
    [connection.id, 'healthy', connection.grantId, connection.createdAt],
  )
  assert.equal((await world.grantOf(connection)).generation, 2)
  const slots = await stores.schedule.of(environment.id, [connection.id])
  assert.ok(slots.every(({ blocked, dueAt }) => blocked === null && dueAt <= world.clock.now()))
  assert.deepEqual(
    (await stores.connections.transitions(environment.id, connection.id, 9)).map(({ to }) => to),
    ['healthy', 'needs_reauth', 'pending'],
  )
  assert.ok(world.events().includes('connection.reconnected'))
})

story('F64: a person has one grant, for several profiles and after connecting twice', async (world) => {
  const { connection } = await world.connectAccount({ profile: 'nova' })
  const twice = await world.connectAccount({ profile: 'nova' })
  assert.equal(twice.connection.id, connection.id)
  const other = await world.connectAccount({ profile: 'label' })
  assert.notEqual(other.connection.id, connection.id)
  assert.equal(other.connection.grantId, connection.grantId)
  assert.equal((await world.grantOf(connection)).generation, 3)
  for (const one of [connection, other.connection]) await world.call(one)
})

story('a later consent with less shows on every connection of that person', async (world) => {
  const { connection } = await world.connectAccount({ profile: 'nova' })
  await world.connectAccount({ profile: 'label', scopes: ['profile'] })
  const first = await world.connectionOf(connection)
  assert.deepEqual([first.state, first.missingScopes], ['degraded', ['fans']])
})

const two = [accountOf({ id: 'page-1', name: 'One' }), accountOf({ id: 'page-2', name: 'Two' })]
const withPages: WorldOptions = {
  provider: {
    identify: async ({ http }) => {
      const me = (await http.get('/me')) as { id: string }
      return { subject: { id: me.id, name: 'Owner' }, accounts: two }
    },
  },
}

/** What the platform calls the one account of whoever consents. */
let called: Account = accountOf({ id: '17', name: 'nova' })
const withNames: WorldOptions = {
  provider: { identify: async () => ({ subject: { id: 'person', name: 'Owner' }, accounts: [called] }) },
}

story(
  'F58: an account keeps its one connection, whatever name or number it has by now',
  async (world) => {
    const first = called
    try {
      const { connection } = await world.connectAccount()
      const all = () => world.stores.connections.list(world.environment.id, { limit: 9 })
      for (const next of [
        { ...first, name: 'Nova Reef', handle: '@novareef' },
        { ...first, id: '4711', handle: '@novareef', otherIds: ['17'], kind: 'business' as const },
        { ...first, id: '4711', name: 'Nova Reef & Friends' },
      ]) {
        called = next
        for (const how of [{}, { reconnect: connection.id }]) {
          const { result } = await world.connectAccount(how)
          assert.ok(!('fault' in result), JSON.stringify(result))
          const [only, ...more] = await all()
          assert.deepEqual([only!.id, only!.account, more], [connection.id, next, []])
        }
      }
      assert.equal(world.events().filter((type) => type === 'connection.created').length, 1)
      // Somebody else's that bears the name which was given up is another one.
      called = { ...first, id: '99' }
      await world.connectAccount()
      assert.equal((await all()).length, 2)
      // And one that has become the other is not to be had twice.
      called = { ...first, id: '99', otherIds: ['4711'] }
      const { result } = await world.connectAccount({ reconnect: connection.id })
      assert.equal('fault' in result && result.fault, 'connection.mismatch')
      assert.equal((await world.connectionOf(connection)).account.id, '4711')
    } finally {
      called = first
    }
  },
  withNames,
)

for (const [how, before, now] of [
  ['bears the former id', { id: '17' }, { id: '4711', otherIds: ['17'] }],
  ['was known to bear the new id', { id: '17', otherIds: ['4711'] }, { id: '4711' }],
] as const)
  story(
    `F58: an account that ${how} is found in a profile of thousands`,
    async (world) => {
      const first = called
      try {
        called = { ...first, ...before }
        const { connection } = await world.connectAccount()
        const at = world.clock.now()
        const has = await world.connectionOf(connection)
        for (let nth = 0; nth < 1_100; nth++) {
          const other = {
            ...has,
            id: `con_0${String(nth).padStart(5, '0')}`,
            account: { ...first, id: `other ${nth}` },
          }
          await world.stores.connections.create(other, { at, actor: 'system' })
        }
        called = { ...first, ...now }
        const { result } = await world.connectAccount()
        assert.deepEqual('connectionIds' in result && result.connectionIds, [connection.id])
        assert.equal((await world.connectionOf(connection)).account.id, '4711')
      } finally {
        called = first
      }
    },
    withNames,
  )

story(
  'a consent that reaches several accounts connects them all',
  async (world) => {
    const { result, connection } = await world.connectAccount()
    assert.ok('connectionIds' in result && result.connectionIds.length === 2)
    const all = await world.stores.connections.list(world.environment.id, { limit: 9 })
    assert.deepEqual(all.map(({ account }) => account.id).sort(), ['page-1', 'page-2'])
    assert.deepEqual(new Set(all.map(({ grantId }) => grantId)).size, 1)
    assert.equal((await world.grantOf(connection)).generation, 1)
  },
  withPages,
)

story(
  'or the one that was asked for, by id or handle',
  async (world) => {
    const connectOne = async (account: string, profile: string) => {
      const wish = { profile: { id: profile }, inputs: { account } }
      const { redirect, cookie } = await world.begin(await world.connect.createSession(world.environment, wish))
      const { result } = await world.connect.callback(world.integrationId, await world.consent(redirect), cookie)
      if ('fault' in result) return result.fault
      const [one] = await world.stores.connections.list(world.environment.id, { limit: 9, ids: result.connectionIds })
      return one!.account.id
    }
    assert.equal(await connectOne('page-2', 'a'), 'page-2')
    assert.equal(await connectOne('@page-1', 'b'), 'page-1')
    assert.equal(await connectOne('page-3', 'c'), 'connection.unsuitable')
  },
  withPages,
)

story(
  'what the platform asks is asked, what the application said already is not',
  async (world) => {
    const { connect, environment, integrationId } = world
    const open = await world.sessionOf()
    const fields = (await connect.view({ token: open.token, cookie: null })).choices[0]!.fields
    assert.deepEqual(
      fields.map(({ name }) => name),
      ['page', 'size'],
    )
    const proof = { token: open.token, cookie: null }
    await fails(connect.begin(proof, integrationId, {}), 'input.invalid')
    await fails(connect.begin(proof, integrationId, { page: 'x', size: 'huge' }), 'input.invalid')
    await fails(connect.begin(proof, integrationId, { page: 'a\u0000b' }), 'input.invalid')
    await connect.begin(proof, integrationId, { page: ' https://page.example ' })

    const known = await connect.createSession(environment, { profile: { id: 'nova' }, inputs: { page: 'mine' } })
    const left = (await connect.view({ token: known.token, cookie: null })).choices[0]!.fields
    assert.deepEqual(
      left.map(({ name }) => name),
      ['size'],
    )
    const { redirect, cookie } = await connect.begin({ token: known.token, cookie: null }, integrationId, {
      page: 'theirs',
    })
    const { result } = await connect.callback(integrationId, await world.consent(redirect), cookie)
    assert.ok('connectionIds' in result)
    const [connection] = await world.stores.connections.list(environment.id, { limit: 1 })
    assert.deepEqual(connection!.inputs, { page: 'mine', size: 'small' })
  },
  {
    provider: {
      inputs: {
        page: { label: 'Page', required: true },
        size: { label: 'Size', choices: ['small', 'large'], initial: 'small' },
      },
    },
  },
)

story('the address of the consent page says all that the platform needs', async (world) => {
  const url = new URL((await world.begin(await world.sessionOf())).redirect)
  const { state, code_challenge: challenge, ...rest } = Object.fromEntries(url.searchParams)
  assert.match(state!, /^[\w-]{43}$/)
  assert.match(challenge!, /^[\w-]{43}$/)
  assert.deepEqual(rest, {
    response_type: 'code',
    client_id: world.sandbox.apps.first('tuneful').clientId,
    redirect_uri: `http://127.0.0.1:4400/oauth/callback/${world.integrationId}`,
    scope: 'fans profile',
    code_challenge_method: 'S256',
  })
})

/** The token endpoint of the sandbox, with another answer for codes. */
const answering = (status: number, body: string, type = 'application/json'): WorldOptions => ({
  network: (sandbox): Network => ({
    async send(request, signal) {
      if (!request.url.endsWith('/oauth/token')) return sandbox.send(request, signal)
      const bytes = async function* () {
        yield Buffer.from(body)
      }
      return { status, headers: { 'content-type': type }, body: bytes() }
    },
  }),
})

for (const [what, options, code, incident] of [
  ['refuses the app', answering(401, '{"error":"invalid_client"}'), 'setup.credentials', 'setup.credentials'],
  [
    'does not know the address',
    answering(400, '{"error":"redirect_uri_mismatch"}'),
    'setup.redirect',
    'setup.redirect',
  ],
  ['is down', answering(503, '{}'), 'provider.down', 'provider.down'],
  ['shows a page', answering(200, '<html>Sign in to the hotel</html>', 'text/html'), 'provider.down', 'provider.down'],
  ['answers 200 with an error', answering(200, '{"error":"invalid_grant"}'), 'input.expired', undefined],
  ['answers without a token', answering(200, '{"ok":true}'), 'provider.timeout', undefined],
] as const)
  story(
    `the token endpoint ${what}: ${code}`,
    async (world) => {
      const { result } = await world.connectAccount()
      assert.equal('fault' in result && result.fault, code)
      const integration = await world.stores.directory.integration(world.environment.id, world.integrationId)
      assert.equal(integration!.incident?.code, incident)
      assert.deepEqual(await world.stores.connections.list(world.environment.id, { limit: 9 }), [])
    },
    options,
  )

story(
  'an account with nothing to connect says so',
  async (world) => {
    const { result } = await world.connectAccount()
    assert.equal('fault' in result && result.fault, 'connection.unsuitable')
  },
  { provider: { identify: async () => ({ subject: { id: 'x', name: 'X' }, accounts: [] }) } },
)

story(
  'names that no database takes are stored without what it cannot take',
  async (world) => {
    const { connection } = await world.connectAccount()
    assert.equal(connection.account.name, 'Nova\ufffd')
  },
  {
    provider: {
      identify: async () => ({
        subject: { id: 'x', name: 'X\u0000' },
        accounts: [accountOf({ id: 'a', name: 'No\u0000va\ud800' })],
      }),
    },
  },
)

story(
  'the page at the end sends the browser back, without code or token',
  async (world) => {
    const returnUrl = 'https://app.example/done?artist=nova'
    const wish = { profile: { id: 'nova' }, returnUrl }
    const session = await world.connect.createSession(world.environment, wish)
    const { redirect, cookie } = await world.begin(session)
    const ended = await world.connect.callback(world.integrationId, await world.consent(redirect), cookie)
    assert.equal(ended.redirect, `${returnUrl}&session=${session.id}&status=connected`)
  },
  { returnUrls: ['https://app.example/done?artist=nova'] },
)
