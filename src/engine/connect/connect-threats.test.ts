import assert from 'node:assert/strict'
import { minute } from '@patchbay/kit'
import { fails } from '../test-faults.ts'
import { connectStory as story } from './test-stories.ts'
import { tuneful } from './test-world.ts'

story('what is stored of it opens for its own row only', async ({ connectAccount, grantOf, vault, environment }) => {
  const { connection } = await connectAccount()
  const grant = await grantOf(connection)
  const open = (row: string, field: string, generation: number, sealed: string) =>
    vault.open(environment.id, { row, field, generation }, sealed, (secret) => secret.reveal())
  assert.match(await open(grant.id, 'access', 1, grant.access!), /^at_/)
  assert.match(await open(grant.id, 'refresh', 1, grant.refresh!), /^rt_/)
  await fails(open(grant.id, 'refresh', 1, grant.access!), 'platform.vault')
  await fails(open(grant.id, 'access', 2, grant.access!), 'platform.vault')
  await fails(open('gra_other', 'access', 1, grant.access!), 'platform.vault')
})

story('T01: a callback in another browser connects nothing and asks nobody', async (world) => {
  const { cookie: other } = await world.begin(await world.sessionOf('attacker'))
  const { redirect, cookie } = await world.begin(await world.sessionOf('victim'))
  const back = await world.consent(redirect)
  for (const wrong of [null, '', other, `${cookie}x`])
    await fails(world.connect.callback(world.integrationId, back, wrong), 'input.unauthenticated', 'input.expired')
  assert.equal(world.tokenRequests().length, 0)
  assert.deepEqual(await world.stores.connections.list(world.environment.id, { limit: 9 }), [])
  assert.deepEqual(
    world.along.audit.filter(({ action }) => action.startsWith('connect.')).map(({ action }) => action),
    ['connect.refused', 'connect.state_reused'],
  )
})

story('T02: of 50 callbacks at the same time one exchanges the code', async (world) => {
  const { redirect, cookie } = await world.begin(await world.sessionOf())
  const back = await world.consent(redirect)
  const tries = Array.from({ length: 50 }, () => world.connect.callback(world.integrationId, back, cookie))
  const outcomes = await Promise.allSettled(tries)
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.equal(world.tokenRequests().length, 1)
  assert.equal((await world.stores.connections.list(world.environment.id, { limit: 9 })).length, 1)
  await fails(world.connect.callback(world.integrationId, back, cookie), 'input.expired')
  assert.equal(world.along.audit.filter(({ action }) => action === 'connect.state_reused').length, 1)
})

const hostile = {
  ...tuneful(),
  id: 'mixer',
  name: 'Mixer',
  api: { ...tuneful().api, baseUrl: 'https://api.mixer.example' },
  auth: {
    ...tuneful().auth,
    authorizeUrl: 'https://mixer.example/authorize',
    tokenUrl: 'https://mixer.example/token',
    revokeUrl: 'https://mixer.example/revoke',
    issuer: 'https://mixer.example',
  },
  emulator: { ...tuneful().emulator, routes: {} },
} as ReturnType<typeof tuneful>

story(
  'T03: a code of one platform at the address of another goes to neither',
  async (world) => {
    const elsewhere = `int_${world.environment.id}_mixer`
    const session = await world.sessionOf()
    const first = await world.begin(session)
    const back = await world.consent(first.redirect)
    await fails(world.connect.callback(elsewhere, back, first.cookie), 'input.unauthenticated')

    const second = await world.begin(session, first.cookie, elsewhere)
    const state = new URL(second.redirect).searchParams.get('state')!
    const honest = await world.consent((await world.begin(session, first.cookie)).redirect)
    for (const iss of [honest.iss!, 'https://evil.example', '', undefined]) {
      const mixed = { code: honest.code, state, iss }
      await fails(world.connect.callback(elsewhere, mixed, first.cookie), 'input.unauthenticated', 'input.expired')
    }
    assert.equal(world.tokenRequests().length, 0)
  },
  { others: [hostile] },
)

story(
  'T03: also where a platform does not name itself',
  async (world) => {
    const { redirect, cookie } = await world.begin(await world.sessionOf())
    const back = await world.consent(redirect)
    const elsewhere = `int_${world.environment.id}_mixer`
    await fails(world.connect.callback(elsewhere, back, cookie), 'input.unauthenticated')
    assert.equal(world.tokenRequests().length, 0)
  },
  { others: [{ ...hostile, auth: { ...hostile.auth, issuer: undefined } as typeof hostile.auth }] },
)

story('T04: codes that were swapped between two trips are refused by PKCE', async (world) => {
  const mine = await world.begin(await world.sessionOf('mine'))
  const theirs = await world.begin(await world.sessionOf('theirs'))
  const myBack = await world.consent(mine.redirect, 0)
  const theirBack = await world.consent(theirs.redirect, 1)
  for (const [trip, back, code] of [
    [mine, myBack, theirBack.code],
    [theirs, theirBack, myBack.code],
  ] as const) {
    const { result } = await world.connect.callback(world.integrationId, { ...back, code }, trip.cookie)
    assert.equal('fault' in result && result.fault, 'input.expired')
  }
  assert.deepEqual(await world.stores.connections.list(world.environment.id, { limit: 9 }), [])
  assert.deepEqual(new URL(mine.redirect).searchParams.get('code_challenge_method'), 'S256')
  const texts = world.log.text() + mine.redirect
  for (const flow of [mine, theirs]) assert.ok(!texts.includes(flow.cookie))
})

story('T05: a reconnect by another account changes nothing, and its tokens are given back', async (world) => {
  const { connection } = await world.connectAccount({ artist: 0 })
  const before = [await world.connectionOf(connection), await world.grantOf(connection)]
  const { result, session, redirect } = await world.connectAccount({ artist: 1, reconnect: connection.id })
  assert.equal('fault' in result && result.fault, 'connection.mismatch')
  assert.match(redirect, new RegExp(`/connect\\?session=${session.id}&problem=connection.mismatch$`))
  assert.deepEqual([await world.connectionOf(connection), await world.grantOf(connection)], before)
  assert.equal((await world.stores.connections.list(world.environment.id, { limit: 9 })).length, 1)
  const theirs = world.sandbox.grants.list().filter(({ artist }) => artist === world.artists[1]!.key)
  assert.deepEqual(
    theirs.map(({ ended }) => ended?.why),
    ['app'],
  )
  await world.call(connection)
  assert.equal((await world.connect.sessionState(world.environment, session.id)).state, 'open')
})

story('T05: the other account that came back may be connected as well, as itself and as a new one', async (world) => {
  const { environment, connect, integrationId } = world
  const { connection } = await world.connectAccount({ artist: 0 })
  const before = [await world.connectionOf(connection), await world.grantOf(connection)]
  const session = await connect.createReconnectSession(environment, connection.id, {})
  const asNew = { asNew: true }
  // Nobody else has come back yet, so there is nobody to connect; and a plain invitation knows no such thing.
  for (const one of [session, await world.sessionOf()])
    await fails(connect.begin({ token: one.token, cookie: null }, integrationId, {}, asNew), 'input.forbidden')
  const { cookie, redirect } = await world.begin(session)
  await connect.callback(integrationId, await world.consent(redirect, 1), cookie)
  const proof = { session: session.id, cookie }
  const view = await connect.view(proof)
  const name = view.mismatch?.name
  assert.match(name ?? '', /^@./)
  assert.notEqual(name, connection.account.handle)

  const again = await connect.begin(proof, integrationId, {}, asNew)
  // A third one is not who was asked about.
  const third = await connect.callback(integrationId, await world.consent(again.redirect, 2), cookie)
  assert.equal('fault' in third.result && third.result.fault, 'connection.unsuitable')
  const more = await connect.begin(proof, integrationId, {}, asNew)
  const { result } = await connect.callback(integrationId, await world.consent(more.redirect, 1), cookie)
  const [made] = 'connectionIds' in result ? result.connectionIds : []
  const fresh = (await world.stores.connections.read(environment.id, made!))!
  assert.notEqual(fresh.id, connection.id)
  assert.deepEqual([fresh.profileId, fresh.account.id], [connection.profileId, name?.slice(1)])
  assert.deepEqual([await world.connectionOf(connection), await world.grantOf(connection)], before)
  await world.call(fresh)
  await world.call(connection)
})

story('T05: a stranger who is connected here keeps the tokens of his own connection', async (world) => {
  const { connection } = await world.connectAccount({ artist: 0 })
  const { connection: other } = await world.connectAccount({ artist: 1, profile: 'other' })
  await world.connectAccount({ artist: 1, reconnect: connection.id })
  await world.call(other)
  await world.call(connection)
})

story('F59, T06: what was not ticked is blocked with its reason, and the rest works', async (world) => {
  const { connection } = await world.connectAccount({ scopes: ['profile'] })
  assert.deepEqual(
    [connection.state, connection.reason, connection.missingScopes],
    ['degraded', 'missing_scope', ['fans']],
  )
  const blocked = async () =>
    (await world.stores.schedule.of(world.environment.id, [connection.id])).map(({ stream, blocked }) => [
      stream,
      blocked,
    ])
  assert.deepEqual(await blocked(), [
    ['fans', 'missing_scope'],
    ['profile', null],
  ])
  assert.deepEqual(world.openTasks(), ['grant_permission'])
  assert.match(world.along.tasks[0]!.description, /fans/)
  assert.match(world.connect.reasonSays(connection)!, /Missing: fans/)
  await world.call(connection)

  // The owner ticks it the next time.
  const again = await world.connectAccount({ reconnect: connection.id })
  assert.equal(again.connection.id, connection.id)
  assert.deepEqual([again.connection.state, again.connection.missingScopes], ['healthy', []])
  assert.deepEqual(await blocked(), [
    ['fans', null],
    ['profile', null],
  ])
  assert.deepEqual(world.openTasks(), [])
})

story('T09: an invitation is worth nothing to another browser, tenant or time', async (world) => {
  const { connect, environment, integrationId } = world
  const session = await world.sessionOf()
  const { cookie } = await world.begin(session)
  const foreign = Buffer.alloc(32, 7).toString('base64url')
  await fails(connect.view({ token: session.token, cookie: null }), 'input.unauthenticated')
  await fails(connect.view({ token: session.token, cookie: foreign }), 'input.unauthenticated')
  await fails(connect.begin({ token: session.token, cookie: foreign }, integrationId, {}), 'input.unauthenticated')
  await fails(connect.view({ session: session.id, cookie: foreign }), 'input.unauthenticated')
  await fails(connect.view({ session: session.id, cookie: null }), 'input.unauthenticated')
  await fails(connect.view({ token: foreign, cookie }), 'input.unauthenticated')
  await fails(connect.view({ token: 'x', cookie }), 'input.unauthenticated')
  assert.equal((await connect.view({ session: session.id, cookie })).session, session.id)
  await fails(connect.sessionState({ ...environment, id: 'env_other' }, session.id), 'input.unknown')

  const { cookie: used, session: done } = await world.connectAccount()
  await fails(connect.view({ token: done.token, cookie: used }), 'input.unauthenticated')
  await fails(connect.begin({ token: done.token, cookie: used }, integrationId, {}), 'input.unauthenticated')
  assert.deepEqual((await connect.outcome({ session: done.id, cookie: used })).result !== null, true)
  await fails(connect.outcome({ session: done.id, cookie: foreign }), 'input.unauthenticated')

  await world.clock.sleep(31 * minute)
  await fails(connect.view({ session: session.id, cookie }), 'input.unauthenticated')
})

story(
  'T09: only a session that was not begun is open to its token, and a first look does not use it up',
  async (world) => {
    const session = await world.sessionOf()
    // A messenger fetches the address for a preview.
    await world.connect.view({ token: session.token, cookie: null })
    await world.connect.view({ token: session.token, cookie: null })
    await fails(world.connect.view({ session: session.id, cookie: null }), 'input.unauthenticated')
    const { cookie } = await world.begin(session)
    assert.equal((await world.begin(session, cookie)).cookie, cookie)
  },
)

story(
  'T09, T10: an invitation is for its own integrations only, and nothing else of a request counts',
  async (world) => {
    const { connect, environment, integrationId } = world
    const wish = { profile: { id: 'nova' }, integrations: [integrationId] }
    const session = await connect.createSession(environment, wish)
    const { cookie } = await world.begin(session)
    const proof = { session: session.id, cookie }
    const view = await connect.view(proof)
    assert.deepEqual(
      view.choices.map(({ integration }) => integration),
      [integrationId],
    )
    for (const other of [`int_${environment.id}_mixer`, 'int_nothing', ''])
      await fails(connect.begin(proof, other, {}), 'input.forbidden')
    for (const name of ['profile', 'profileId', 'connectionId', 'environmentId', 'grantId', '__proto__', 'reconnect'])
      await fails(connect.begin(proof, integrationId, { [name]: 'con_other' }), 'input.invalid')
    await fails(connect.createReconnectSession({ ...environment, id: 'env_other' }, 'con_1', {}), 'input.unknown')
    const named = await connect.createSession(environment, { profile: { id: 'nova' }, integrations: ['mixer'] })
    const [only] = (await connect.view({ token: named.token, cookie: null })).choices
    assert.equal(only!.provider, 'mixer')
    const unknown = { profile: { id: 'nova' }, integrations: ['nothing'] }
    await fails(connect.createSession(environment, unknown), 'input.invalid')
  },
  { others: [hostile] },
)

story('a trip that took longer than ten minutes is over', async (world) => {
  const { redirect, cookie } = await world.begin(await world.sessionOf())
  const back = await world.consent(redirect)
  await world.clock.sleep(10 * minute)
  await fails(world.connect.callback(world.integrationId, back, cookie), 'input.expired')
  assert.equal(world.tokenRequests().length, 0)
})

story('a name that stands twice in the answer is no answer', async (world) => {
  const { redirect, cookie } = await world.begin(await world.sessionOf())
  const back = await world.consent(redirect)
  await fails(
    world.connect.callback(world.integrationId, { ...back, state: [back.state, back.state] }, cookie),
    'input.expired',
  )
  const { result } = await world.connect.callback(world.integrationId, { ...back, code: [back.code, 'x'] }, cookie)
  assert.equal('fault' in result && result.fault, 'provider.changed')
})
