import assert from 'node:assert/strict'
import { dayMs, hour, second, unsigned } from '@patchbay/kit'
import type { Inbox } from '../../ports/inbox.ts'
import { fails } from '../test-faults.ts'
import { openHooks } from './hooks.ts'
import { inboxStory as story } from './test-stories.ts'
import type { InboxWorld } from './test-world.ts'

const comment = (id: string, more: object = {}) => ({
  events: [{ account: 'acc', type: 'comment', id, data: { text: 'hello' }, ...more }],
})

story('a signed message is stored as it came, and then acknowledged', async (world) => {
  const body = '{"events": [ {"account":"acc","type":"comment","id":"c1","data":"sch\\u00f6n"} ]}\n'
  assert.deepEqual(await world.send(body, { headers: { 'x-request': 'r1' } }), {
    ...{ status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' },
  })
  const [message] = await world.messages()
  assert.equal(Buffer.from(message!.body).toString(), body)
  assert.deepEqual(
    [message!.accounts, message!.types, message!.dedupe, message!.state],
    [['acc'], ['comment'], 'id:c1', 'received'],
  )
  assert.deepEqual([message!.headers['x-request'], message!.headers['x-signature']], ['r1', world.sign(body)])
})

story(
  'F68, T30: one message is one, however often and wherever it comes in',
  async (world) => {
    const sent = Array.from({ length: 100 }, (_, n) => world.send(comment('c1'), { engine: n % 2 }))
    assert.equal((await Promise.all(sent)).filter(({ status }) => status === 200).length, 100)
    // The same thing told of in other bytes is the same by its id; what has none is told apart by its bytes.
    await world.send(comment('c1', { data: { text: 'hello again' } }))
    for (const text of ['a', 'b', 'a']) await world.send({ events: [{ account: 'acc', type: 'comment', data: text }] })
    assert.equal((await world.messages()).length, 3)
  },
  { engines: 2 },
)

story('T29: nothing that is not signed rightly leaves more than a number', async (world) => {
  const right = world.sign(JSON.stringify(comment('c1')))
  const wrong = [
    {},
    { 'x-signature': '' },
    { 'x-signature': right.slice(0, -1) },
    { 'x-signature': right.toUpperCase() },
    { 'x-signature': right.replace('v1=', 'v0=') },
    { 'x-signature': world.sign(JSON.stringify(comment('c1')), 'another secret') },
    { 'x-signature': world.sign(JSON.stringify(comment('c2'))) },
  ]
  for (const headers of wrong)
    await fails(world.send(comment('c1'), { headers: { 'x-signature': '', ...headers } }), 'input.unauthenticated')
  assert.deepEqual(await world.messages(), [])
  await world.hooks.stop()
  const lines = world.log.lines.filter(({ event }) => event === 'inbox.forged')
  // At once when it begins, and the rest together.
  assert.deepEqual(
    lines.map(({ fields }) => fields['count']),
    [1, 6],
  )
})

story('T32: a flood of forgeries is told to slow down, a few lines long, and shuts nobody out', async (world) => {
  const codes = new Map<string, number>()
  for (let n = 0; n < 5_000; n++)
    await world.send(comment(`c${n}`), { headers: { 'x-signature': 'v1=00' } }).catch((error: { code: string }) => {
      codes.set(error.code, (codes.get(error.code) ?? 0) + 1)
    })
  assert.deepEqual(Object.fromEntries(codes), { 'input.unauthenticated': 100, 'input.throttled': 4_900 })
  assert.equal((await world.send(comment('right'))).status, 200)
  await world.hooks.stop()
  const counts = world.log.lines.filter(({ event }) => event === 'inbox.forged').map(({ fields }) => fields['count'])
  assert.deepEqual(counts, [1, 4_999])
  assert.equal((await world.messages()).length, 1)
})

story('every address at which nothing is received is refused in the same words', async (world) => {
  const refusals = new Set<string>()
  const ask = async (id: string, callback: string | null = null) => {
    const message = { method: 'POST', url: '', query: {}, headers: {}, body: new Uint8Array() }
    await world.hooks.receive(id, callback, message).then(
      () => assert.fail(),
      (error: Error & { code: string }) => refusals.add(`${error.code} ${error.message}`),
    )
  }
  const integration = (await world.deps.directory.integration(world.environment.id, world.integrationId))!
  await world.deps.directory.saveIntegration(
    { ...integration, id: 'int_off', enabled: false },
    { at: 0, actor: 'system' },
  )
  await world.deps.directory.saveIntegration(
    { ...integration, id: 'int_odd', provider: 'gone' },
    { at: 0, actor: 'system' },
  )
  for (const id of ['int_none', '', 'int_off', 'int_odd']) await ask(id)
  await ask(world.integrationId, 'nothing')
  await ask(world.integrationId, 'constructor')
  assert.equal(refusals.size, 1)
  assert.match([...refusals][0]!, /^input\.unknown/)
})

story('T32: who makes up addresses has the database asked only so often', async (world) => {
  let asked = 0
  const { directory } = world.deps
  const ask = directory.environmentOfIntegration
  Object.assign(directory, {
    environmentOfIntegration: (id: string) => {
      asked++
      return ask(id)
    },
  })
  await world.send(comment('c0'))
  for (let n = 0; n < 1_000; n++) await world.send(comment('c'), { id: `int_${n}` }).catch(() => {})
  assert.equal(asked, 200)
  // An address that is known needs no asking, however long ago it was asked for.
  assert.equal((await world.send(comment('c1'))).status, 200)
  await world.clock.sleep(hour)
  for (let n = 0; n < 1_000; n++) await world.send(comment('c'), { id: `int_${n}` }).catch(() => {})
  assert.equal((await world.send(comment('c2'))).status, 200)
  await world.clock.sleep(second)
  await fails(world.send(comment('c'), { id: 'int_x' }), 'input.unknown')
})

story('F72: after its secret was exchanged both count for a day, and then only the new one', async (world) => {
  const [old, next] = [world.clientSecret, 'the next secret']
  const { startIntegrations } = await import('../connect/start-integrations.ts')
  const app = { ...world.apps[world.provider.id]!, clientSecret: next }
  const { deps, setting, vault, environment } = world
  const signed = (id: string, secret: string) => ({
    headers: { 'x-signature': world.sign(JSON.stringify(comment(id)), secret) },
  })
  await fails(world.send(comment('c0'), signed('c0', next)), 'input.unauthenticated')
  await startIntegrations(deps, setting, vault, environment, { [world.provider.id]: app })
  await world.send(comment('c1'), signed('c1', old))
  await world.send(comment('c2'), signed('c2', next))
  await world.clock.sleep(dayMs)
  await fails(world.send(comment('c3'), signed('c3', old)), 'input.unauthenticated')
  await world.send(comment('c4'), signed('c4', next))
  assert.equal((await world.messages()).length, 3)
})

story('T35: a question is answered and stored nowhere; without the right word it is a forgery', async (world) => {
  const ask = (query: Record<string, string>) =>
    world.hooks.receive(world.integrationId, null, {
      method: 'GET',
      url: '',
      query,
      headers: {},
      body: new Uint8Array(),
    })
  assert.deepEqual(await ask({ challenge: '1158201444', word: 'please' }), {
    ...{ status: 200, contentType: 'text/plain; charset=utf-8', body: '1158201444' },
  })
  await fails(ask({ challenge: '1', word: 'now' }), 'input.unauthenticated')
  await fails(ask({ challenge: '1' }), 'input.unauthenticated')
  // T35: nothing that a browser could take for more than a word comes back.
  await fails(ask({ challenge: '<script>', word: 'please' }), 'input.unauthenticated')
  assert.deepEqual(await world.messages(), [])
})

story('F77: what cannot be read is stored all the same, since it was signed', async (world) => {
  const bodies = ['no json', '{"events": 7}', '{}', '', Buffer.from([0xff, 0x00, 0xfe])]
  for (const body of bodies) await world.send(body)
  assert.equal((await world.messages()).length, bodies.length)
  await world.workOnce()
  const states = (await world.messages()).map(({ state, fault }) => `${state} ${fault}`)
  assert.deepEqual(new Set(states), new Set(['failed provider.changed']))
})

story('headers that hold a secret are not kept', async (world) => {
  const headers = { authorization: 'Basic abc', cookie: 'a=b', 'x-word': 'say please!', 'x-fine': 'pleas' }
  await world.send(comment('c1'), { headers })
  const kept = (await world.messages())[0]!.headers
  assert.deepEqual(Object.keys(kept).sort(), ['content-type', 'x-fine', 'x-signature'])
})

/** What was counted, without what was not: the provider and how it was answered. */
const countsOf = (world: Pick<InboxWorld, 'hooks'>) =>
  Object.fromEntries(
    [...world.hooks.answers()]
      .filter(({ count }) => count > 0)
      .map(({ provider, outcome, count }) => [`${provider} ${outcome}`, count]),
  )

story(
  'each message is counted once, by its provider and how it was answered, and nothing of it is a label',
  async (world) => {
    const { deps, integrationId, environment, provider } = world
    const refused = (work: Promise<unknown>) => assert.rejects(work)
    const bare = { method: 'POST', url: '', query: {}, headers: {}, body: new Uint8Array() }
    const row = (await deps.directory.integration(environment.id, integrationId))!
    const save = (more: object) => deps.directory.saveIntegration({ ...row, ...more }, { at: 0, actor: 'system' })
    await save({ id: 'int_off', enabled: false })
    await save({ id: 'int_odd', provider: 'gone' })
    await save({ id: 'int_new', clientSecret: null, settings: {} })

    await world.send(comment('c1'))
    await world.send(comment('c1'))
    await world.hooks.receive(integrationId, null, {
      ...bare,
      method: 'GET',
      query: { challenge: '7', word: 'please' },
    })
    await world.sendSigned('forget', { user_id: 'u1' })
    await refused(world.send(comment('c1'), { headers: { 'x-signature': '' } }))
    await refused(world.send(comment('c1'), { headers: { 'x-signature': world.sign('{}', 'the word of before') } }))
    await refused(world.sendSigned('forget', { user_id: 'u1' }, 'another'))
    await refused(world.send(comment('c1'), { headers: { 'x-signature': 'v1=zz' } }))
    await refused(
      world.hooks.receive(integrationId, null, { ...bare, method: 'GET', query: { challenge: '7', word: 'x' } }),
    )
    await refused(world.hooks.receive(integrationId, 'nothing', bare))
    await refused(world.send(comment('c1'), { id: 'int_new' }))
    await refused(world.send(comment('c1'), { id: 'int_off' }))
    for (const id of ['int_odd', 'int_none', '', 'int_made_up']) await refused(world.send(comment('c1'), { id }))
    await world.hooks.turnedAway(integrationId, 'too_large')
    await world.hooks.turnedAway('int_off', 'too_large')
    await world.hooks.turnedAway('int_none', 'malformed')
    assert.deepEqual(countsOf(world), {
      [`${provider.id} accepted`]: 4,
      [`${provider.id} unsigned`]: 1,
      [`${provider.id} wrong_signature`]: 3,
      [`${provider.id} malformed`]: 1,
      [`${provider.id} not_set_up`]: 1,
      [`${provider.id} unknown_address`]: 1,
      [`${provider.id} switched_off`]: 1,
      [`${provider.id} too_large`]: 2,
      'unknown unknown_address': 4,
      'unknown malformed': 1,
    })
  },
)

story('a flood of forgeries is counted whole, and addresses that are made up are of one provider', async (world) => {
  for (let n = 0; n < 1_000; n++) {
    await world.send(comment(`c${n}`), { headers: { 'x-signature': world.sign('', 'old') } }).catch(() => {})
    await world.send(comment('c'), { id: `int_${n}` }).catch(() => {})
  }
  const counts = countsOf(world)
  assert.deepEqual(counts, {
    [`${world.provider.id} wrong_signature`]: 1_000,
    'unknown unknown_address': 199,
    'unknown too_many': 801,
  })
})

story(
  'platforms that an environment describes itself are counted as one, also where the catalog has one of that name',
  async (world) => {
    const { deps, recent, vault } = world.engines[0]!
    const own = new Map([[world.provider.id, { ...world.provider, ownedBy: world.environment.id }]])
    const providers = { ...world.setting.providers, in: () => own }
    const hooks = openHooks(deps, { ...world.setting, providers }, { recent, vault, stored: () => {}, woken: () => {} })
    const body = Buffer.from(JSON.stringify(comment('c1')))
    const message = { method: 'POST', url: '', query: {}, headers: { 'x-signature': world.sign(body) }, body }
    await hooks.receive(world.integrationId, null, message)
    await assert.rejects(hooks.receive(world.integrationId, null, { ...message, headers: {} }))
    assert.deepEqual(countsOf({ hooks }), { 'custom accepted': 1, 'custom unsigned': 1 })
  },
)

const refusing = (refuse: (store: Inbox['store']) => Inbox['store']) => ({
  wrap: (deps: { inbox: Inbox }) => ({ inbox: { ...deps.inbox, store: refuse(deps.inbox.store) } }),
})

story(
  'while the database is away everybody is told to come again, and nothing is acknowledged',
  async (world) => {
    const sent = Array.from({ length: 20 }, (_, n) => world.send(comment(`c${n}`)))
    for (const one of sent) await fails(one, 'platform.storage')
    assert.deepEqual(await world.messages(), [])
    assert.deepEqual(countsOf(world), { [`${world.provider.id} not_stored`]: 20 })
  },
  refusing(() => () => Promise.reject(new Error('ECONNREFUSED'))),
)

story(
  'also where not even the address can be looked up',
  async (world) => {
    await fails(world.send(comment('c1')), 'platform.storage')
  },
  {
    wrap: ({ directory }) => ({
      directory: {
        ...directory,
        environmentOfIntegration: () => Promise.reject(new Error('ECONNREFUSED')),
      },
    }),
  },
)

story(
  'also where the platforms of its environment cannot be, and nothing is left that nobody listens to',
  async (world) => {
    const { deps, recent, vault } = world.engines[0]!
    const { in: platforms } = world.setting.providers
    let away = false
    const providers = {
      ...world.setting.providers,
      in: (id: string) => (away ? Promise.reject(new Error('ECONNREFUSED')) : platforms(id)),
    }
    const parts = { recent, vault, stored: () => {}, woken: () => {} }
    const hooks = openHooks(deps, { ...world.setting, providers }, parts)
    const send = (id: string) => {
      const body = Buffer.from(JSON.stringify(comment(id)))
      const headers = { 'content-type': 'application/json', 'x-signature': world.sign(body) }
      return hooks.receive(world.integrationId, null, { method: 'POST', url: '', query: {}, headers, body })
    }
    assert.equal((await send('c1')).status, 200)
    away = true
    // Its row is remembered, so that only the platforms are asked for.
    await fails(send('c2'), 'platform.storage')
    away = false
    assert.equal((await send('c2')).status, 200)
  },
)

story(
  'a database that does not answer keeps nobody waiting for long',
  async (world) => {
    const at = world.clock.now()
    await fails(world.send(comment('c1')), 'platform.storage')
    const waited = world.clock.now() - at
    assert.ok(waited >= 8 * second && waited < 9 * second, `${waited} ms`)
  },
  refusing(() => () => new Promise(() => {})),
)

story(
  'F71, T32: what waits to be stored has an end: who comes then is told to come again at once',
  async (world) => {
    const at = world.clock.now()
    const sent = Array.from({ length: 5_000 }, (_, n) =>
      world.send(comment(`c${n}`)).then(
        () => 'stored',
        ({ code }) => code,
      ),
    )
    const codes = Object.groupBy(await Promise.all(sent), (code) => code)
    assert.deepEqual(
      [codes['stored'], codes['platform.storage']?.length, codes['platform.busy']?.length],
      [undefined, 4_000, 1_000],
    )
    assert.deepEqual(countsOf(world), {
      [`${world.provider.id} not_stored`]: 4_000,
      [`${world.provider.id} busy`]: 1_000,
    })
    assert.ok(world.clock.now() - at < 9 * second)
  },
  refusing(() => () => new Promise(() => {})),
)

story(
  'one that cannot be stored keeps none of the others from it',
  async (world) => {
    const sent = Array.from({ length: 5 }, (_, n) =>
      world.send(comment(n === 2 ? 'bad' : `c${n}`)).then(
        () => 200,
        ({ code }) => code,
      ),
    )
    assert.deepEqual(await Promise.all(sent), [200, 200, 'input.invalid', 200, 200])
  },
  refusing((store) => async (messages) => {
    if (messages.some(({ dedupe }) => dedupe === 'id:bad')) throw Object.assign(new Error('no'), { code: '22P05' })
    return store(messages)
  }),
)

story(
  'messages that gather while one commit is on its way go together in the next',
  async (world) => {
    const sent = Array.from({ length: 400 }, (_, n) => world.send(comment(`c${n}`)))
    await Promise.all(sent)
    assert.equal((await world.messages({ limit: 1000 })).length, 400)
    assert.ok(commits.length <= 10, `${commits.length} commits`)
  },
  refusing((store) => async (messages) => {
    commits.push(messages.length)
    // As long as a disk takes.
    await new Promise((resolve) => setImmediate(resolve))
    return store(messages)
  }),
)
const commits: number[] = []

story(
  'I12: of a platform that signs nothing streams are made due, not too often, and nothing is stored',
  async (world) => {
    const { connection } = await world.connectAccount()
    const account = connection.account.id
    const event = { events: [{ account, type: 'fan.wrote', id: 'x', data: 'made up' }] }
    const fans = async () => (await world.slots(connection)).find(({ stream }) => stream === 'fans')!
    await read(world, connection.id)
    const endedAt = (await fans()).lastEndedAt!
    for (let n = 0; n < 3; n++) assert.equal((await world.send(event, { headers: { 'x-signature': '' } })).status, 200)
    const { lane, dueAt } = await fans()
    assert.deepEqual([lane, dueAt], ['webhook', endedAt + 60 * second])
    assert.deepEqual([await world.messages(), await world.records('message')], [[], []])
  },
  { webhooks: { verify: unsigned('it signs nothing', 'made up') } },
)

/** As a run would end it. */
async function read(world: InboxWorld, connectionId: string): Promise<void> {
  const { schedule } = world.deps
  const now = world.clock.now()
  await schedule.wake(world.environment.id, connectionId, { lane: 'scheduled', at: now })
  const slots = await schedule.claim({ now, until: now + 1000, claim: 'clm_read', limit: 10 })
  const outcomes = slots.map(({ stream }) => ({
    ...{
      connectionId,
      stream,
      dueAt: now + dayMs,
      failures: 0,
      blocked: null,
      runId: 'run_1',
      fault: null,
      quota: null,
      endedAt: now,
    },
  }))
  await schedule.finish(world.environment.id, 'clm_read', outcomes)
}
