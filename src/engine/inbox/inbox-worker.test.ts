import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, minute, second } from '@patchbay/kit'
import { message } from '../../ports/inbox.contract.ts'
import type { Deps } from '../deps.ts'
import { runAttach } from './attach-messages.ts'
import { runInboxSweep } from './inbox-jobs.ts'
import { openInboxWorker } from './inbox-worker.ts'
import { previewReplay, replayMessages } from './replay.ts'
import { inboxStory as story } from './test-stories.ts'
import { type InboxWorld, openInboxWorld } from './test-world.ts'

const event = (account: string, type: string, id: string, more: object = {}) => ({
  events: [{ account, type, id, data: { text: id }, ...more }],
})

const stateOf = async (world: InboxWorld) => (await world.messages()).map(({ state, says }) => says ?? state)

story('a message makes its stream due at once in the lane of webhooks, and says so', async (world) => {
  const { connection } = await world.connectAccount()
  const slot = async () => (await world.slots(connection)).find(({ stream }) => stream === 'fans')!
  await world.deps.schedule.block(world.environment.id, connection.id, { blocked: null })
  await world.send(event(connection.account.id, 'fan.came', 'f1'))
  assert.equal(await world.workOnce(), 1)
  const { lane, dueAt } = await slot()
  assert.equal(lane, 'webhook')
  assert.ok(dueAt <= world.clock.now())
  const [message] = await world.messages()
  assert.equal(message!.state, 'processed')
  assert.deepEqual(message!.effects?.woken, [{ connection: connection.id, stream: 'fans' }])
  assert.deepEqual(world.woken, [[connection.id]])
})

story('hundreds of messages about one account wake its stream once', async (world) => {
  const { connection } = await world.connectAccount()
  for (let n = 0; n < 150; n++) await world.send(event(connection.account.id, 'fan.came', `f${n}`))
  await world.workOnce()
  assert.deepEqual(world.woken, [[connection.id]])
  assert.ok((await world.messages()).every(({ state }) => state === 'processed'))
})

story('every connection of the account gets it, of whatever profile, and no other one', async (world) => {
  const { connection: mine } = await world.connectAccount({ profile: 'nova' })
  const { connection: same } = await world.connectAccount({ profile: 'label' })
  await world.connectAccount({ profile: 'nova', artist: 1 })
  assert.equal(mine.account.id, same.account.id)
  await world.send(event(mine.account.id, 'comment', 'c1'))
  await world.workOnce()
  const records = await world.records()
  assert.deepEqual(records.map(({ connectionId }) => connectionId).sort(), [mine.id, same.id].sort())
  const told = world.along.events.filter(({ type }) => type === 'record.created')
  assert.deepEqual(told.map(({ connectionId }) => connectionId).sort(), [mine.id, same.id].sort())
  assert.deepEqual(Object.keys(told[0]!.data).sort(), [
    'account',
    'connection',
    'integration',
    'key',
    'kind',
    'profile',
    'provider',
    'record',
  ])
})

story('T34: what is about nobody here is kept, and done when that account is connected', async (world) => {
  const account = await accountOf(world, 0)
  await world.send(event(account, 'comment', 'c1'))
  await world.workOnce()
  assert.deepEqual(await stateOf(world), [`Nobody has connected the account ${account} through this app.`])
  assert.equal((await world.messages())[0]!.state, 'unmatched')
  await world.clock.sleep(hour)
  const { connection } = await world.connectAccount()
  assert.equal(connection.account.id, account)
  await world.attach([connection])
  await world.workOnce()
  assert.deepEqual([await stateOf(world), (await world.records()).length], [['processed'], 1])
})

story('by the hour also what a process that died had left unattached is attached, and nothing else', async (world) => {
  const account = await accountOf(world, 0)
  await world.send(event(account, 'comment', 'c1'))
  await world.send(event('stranger', 'comment', 'c2'))
  await world.workOnce()
  await world.clock.sleep(hour)
  await world.connectAccount()
  await runAttach(world.deps)
  assert.equal(await world.workOnce(), 1)
  // What was looked at since is not worked on again by the hour.
  await world.clock.sleep(10 * minute)
  await world.send({ events: [{ account, type: 'odd', data: 1 }] })
  await world.workOnce()
  await world.clock.sleep(hour)
  await runAttach(world.deps)
  assert.equal(await world.workOnce(), 0)
})

story('F74: of a message with good and bad parts the good ones are done', async (world) => {
  const { connection } = await world.connectAccount()
  const { id } = connection.account
  await world.send({
    events: [
      { account: id, type: 'comment', id: 'c1', data: 1 },
      { account: 'stranger', type: 'comment', id: 'c2', data: 2 },
      { account: id, type: 'unheard.of', data: 3 },
    ],
  })
  await world.workOnce()
  const [message] = await world.messages()
  assert.equal(message!.state, 'unmatched')
  assert.equal(
    message!.says,
    'Nobody has connected the account stranger through this app. Nothing is declared for events of the type unheard.of.',
  )
  assert.deepEqual([message!.effects?.records, (await world.records()).map(({ key }) => key)], [1, ['c1']])
})

story('I13, F69: the final state is the newest one, in whatever order messages come, twice or not', async (world) => {
  const { connection } = await world.connectAccount()
  const account = connection.account.id
  const start = world.clock.now() - hour
  const states = Array.from({ length: 1_000 }, (_, n) => {
    const [object, version] = [n % 40, Math.floor(n / 40)]
    const removed = object % 7 === 0 && version === 24 ? { removed: true } : {}
    return {
      events: [
        {
          account,
          type: 'comment',
          id: `o${object} v${version}`,
          object: `o${object}`,
          at: start + version,
          data: { version },
          ...removed,
        },
      ],
    }
  })
  const chance = world.deps.random
  const shuffled = [...states, ...states.slice(0, 200)]
    .map((state) => ({ state, rank: chance.unit() }))
    .sort((one, other) => one.rank - other.rank)
  for (const { state } of shuffled) await world.send(state)
  while ((await world.workOnce()) > 0);
  const there = await world.records()
  assert.equal(there.length, 34)
  assert.deepEqual(new Set(there.map(({ data }) => (data as { version: number }).version)), new Set([24]))
  assert.equal((await world.records('comment', { removed: true })).length, 6)
})

story('a clock of the platform that is far ahead holds nothing off', async (world) => {
  const { connection } = await world.connectAccount()
  const ahead = world.clock.now() + 400 * hour
  await world.send(event(connection.account.id, 'comment', 'c1', { at: ahead, data: 'early' }))
  await world.workOnce()
  await world.clock.sleep(second)
  await world.send({ events: [{ account: connection.account.id, type: 'comment', id: 'c1', data: 'late' }] }, {})
  assert.equal((await world.messages()).length, 1, 'the same id is the same message')
  await world.send({
    events: [
      { account: connection.account.id, type: 'comment', id: 'c1', data: 'late' },
      { account: connection.account.id, type: 'comment', id: 'c2', data: '' },
    ],
  })
  await world.workOnce()
  assert.equal((await world.records()).find(({ key }) => key === 'c1')?.data, 'late')
})

/** Fails as long as `broken` says so. */
const breaking = (broken: { now: boolean }) => ({
  wrap: (deps: Deps) => ({
    typedRecords: {
      ...deps.typedRecords,
      save: ((...args) => {
        const [, records] = args
        if (broken.now && records.some(({ key }) => key === 'bad')) throw new Error('broken')
        return deps.typedRecords.save(...args)
      }) as Deps['typedRecords']['save'],
    },
  }),
})

const broken = { now: true }
story(
  'F89: one that fails is tried again later and later, holds up no other, and in the end a person is asked',
  async (world) => {
    broken.now = true
    const { connection } = await world.connectAccount()
    const account = connection.account.id
    for (const id of ['c1', 'bad', 'c2']) await world.send(event(account, 'comment', id))
    await world.workOnce()
    assert.deepEqual((await world.records()).map(({ key }) => key).sort(), ['c1', 'c2'])
    const bad = async () => (await world.messages()).find(({ dedupe }) => dedupe === 'id:bad')!
    assert.deepEqual(
      [(await bad()).state, (await bad()).attempts, (await bad()).fault],
      ['received', 1, 'platform.bug'],
    )
    assert.equal(await world.workOnce(), 0, 'it waits')
    void world.worker.run(new AbortController().signal)
    await world.clock.sleep(12 * hour)
    assert.deepEqual([(await bad()).state, (await bad()).attempts], ['failed', 8])
    assert.deepEqual(world.openTasks(), ['replay_messages'])
    assert.equal(world.events().filter((type) => type === 'message.failed').length, 1)
    const selection = { state: 'failed' } as const
    await replayMessages(world.deps, world.environment, selection, 'key:key_1')
    await world.clock.sleep(12 * hour)
    assert.equal((await bad()).state, 'failed')
    assert.equal(world.events().filter((type) => type === 'message.failed').length, 2, 'given up once more')
    broken.now = false
    const preview = await previewReplay(world.deps, world.setting, world.environment, selection)
    assert.deepEqual(
      preview.data.map(({ message: { id }, records }) => [id, records]),
      [[(await bad()).id, 1]],
    )
    assert.equal((await bad()).state, 'failed', 'a preview does nothing')
    const done = await replayMessages(world.deps, world.environment, selection, 'key:key_1')
    assert.deepEqual(done, { replayed: 1, more: false })
    await world.clock.sleep(2 * second)
    assert.deepEqual([(await bad()).state, world.openTasks()], ['processed', []])
    assert.equal((await world.records()).length, 3)
  },
  breaking(broken),
)

story('what was done is not done twice by a replay', async (world) => {
  const { connection } = await world.connectAccount()
  for (let n = 0; n < 250; n++) await world.send(event(connection.account.id, 'comment', `c${n}`))
  while ((await world.workOnce()) > 0);
  const events = world.along.events.length
  const { replayed } = await replayMessages(world.deps, world.environment, { type: 'comment' }, 'key:key_1')
  assert.equal(replayed, 250)
  while ((await world.workOnce()) > 0);
  assert.equal((await world.records()).length, 250)
  assert.deepEqual(world.along.events.slice(events), [])
  assert.ok((await world.messages()).every(({ effects }) => effects?.records === 0))
})

for (const where of ['claim', 'finish', 'records', 'schedule'] as const)
  test(`F89: a process that dies ${where === 'claim' ? 'after' : 'at'} ${where} leaves nothing undone and nothing done twice`, async () => {
    let dead = false
    let died = false
    const never = () => new Promise<never>(() => {})
    const wrap = (deps: Deps): Partial<Deps> => {
      const dying = <Port extends object>(port: Port, name: keyof Port & string, when: 'before' | 'after'): Port => ({
        ...port,
        [name]: async (...args: unknown[]) => {
          if (!dead || died) return (port[name] as (...args: unknown[]) => unknown)(...args)
          died = true
          if (when === 'after') await (port[name] as (...args: unknown[]) => unknown)(...args)
          return never()
        },
      })
      if (where === 'claim') return { inbox: dying(deps.inbox, 'claim', 'after') }
      if (where === 'finish') return { inbox: dying(deps.inbox, 'finish', 'before') }
      if (where === 'records') return { typedRecords: dying(deps.typedRecords, 'save', 'after') }
      return { schedule: dying(deps.schedule, 'wakeAll', 'after') }
    }
    // The first engine dies there, the second goes on.
    let opened = 0
    const world = await openInboxWorld({ engines: 2, wrap: (deps) => (opened++ === 0 ? wrap(deps) : {}) })
    await world.run(async () => {
      const { connection } = await world.connectAccount()
      for (let n = 0; n < 20; n++)
        await world.send({
          events: [
            { account: connection.account.id, type: 'comment', id: `c${n}`, data: n },
            { account: connection.account.id, type: 'fan.came', data: n },
          ],
        })
      dead = true
      void world.workOnce(0)
      await world.clock.sleep(second)
      assert.ok(died)
      assert.equal(await world.workOnce(1), 0, 'they are still claimed')
      await world.clock.sleep(minute)
      assert.equal(await world.workOnce(1), 20)
      assert.equal((await world.records()).length, 20)
      assert.equal(world.events().filter((type) => type === 'record.created').length, 20)
      assert.ok((await world.messages()).every(({ state }) => state === 'processed'))
      assert.equal((await world.slots(connection)).find(({ stream }) => stream === 'fans')?.lane, 'webhook')
    })
  })

story(
  'two workers work through everything once, and in the order of each account',
  async (world) => {
    const { connection } = await world.connectAccount()
    const account = connection.account.id
    for (let n = 0; n < 300; n++) {
      await world.send({ events: [{ account, type: 'comment', id: `e${n}`, object: 'one', data: n }] })
      await world.clock.sleep(1)
    }
    const stop = new AbortController()
    for (const { worker } of world.engines) void worker.run(stop.signal)
    await world.clock.sleep(minute)
    stop.abort()
    assert.ok((await world.messages({ limit: 1000 })).every(({ state }) => state === 'processed'))
    assert.equal((await world.records())[0]?.data, 299)
  },
  { engines: 2 },
)

/** Environments whose claims are answered when the test says so; and who claimed, in order. */
function holding(isHeld: (environmentId: string) => boolean) {
  const claims: string[] = []
  const held: (() => void)[] = []
  const wrap = (deps: Deps): Partial<Deps> => ({
    inbox: {
      ...deps.inbox,
      async claim(environmentId, options) {
        claims.push(environmentId)
        // Whoever asks without end would keep the pretend clock from going on.
        if (claims.length > 1_000) await deps.clock.sleep(second)
        if (isHeld(environmentId)) await new Promise<void>((resolve) => held.push(resolve))
        return deps.inbox.claim(environmentId, options)
      },
    },
  })
  return { claims, held, options: { wrap } }
}

const inEnvironments = (ids: readonly string[]) => ids.map((id, n) => message(id, `msg_${n}`, { dedupe: `${n}` }))

const slow = holding((id) => id.startsWith('env_slow'))
story(
  'an environment that is slow holds up no other, and no more than four are worked on at once',
  async (world) => {
    const { connection } = await world.connectAccount()
    await world.deps.inbox.store(inEnvironments(['env_slow1', 'env_slow2', 'env_slow3']))
    const stop = new AbortController()
    const worked = world.worker.run(stop.signal)
    await world.clock.sleep(second)
    await world.send(event(connection.account.id, 'comment', 'c1'))
    await world.clock.sleep(second)
    assert.deepEqual(await stateOf(world), ['processed'])
    assert.deepEqual(new Set(slow.claims.filter((id) => id.startsWith('env_slow'))).size, 3)
    await world.deps.inbox.store(
      inEnvironments(['env_slow4', 'env_slow5']).map((one) => ({ ...one, id: `${one.id}b` })),
    )
    await world.clock.sleep(minute)
    assert.equal(slow.held.length, 4)
    // As soon as one of them is through, the next has its turn.
    slow.held[0]!()
    await world.clock.sleep(second)
    assert.equal(slow.held.length, 5)
    stop.abort()
    for (const go of slow.held) go()
    await worked
  },
  slow.options,
)

/** Apps whose messages take until the test says so; which were finished by which claim, in order; and how many were under way at most. */
function takingLong(isSlow: (id: string) => boolean) {
  const held: (() => void)[] = []
  const finished: { ids: string; claim: string; own: boolean }[] = []
  const load = { now: 0, most: 0 }
  const wrap = (deps: Deps): Partial<Deps> => ({
    inbox: {
      ...deps.inbox,
      async finish(environmentId, claim, outcomes) {
        const { id } = outcomes[0]!
        load.most = Math.max(load.most, ++load.now)
        if (isSlow(id)) await new Promise<void>((resolve) => held.push(resolve))
        load.now--
        const own = await deps.inbox.finish(environmentId, claim, outcomes)
        finished.push({ ids: outcomes.map((one) => one.id).join(), claim, own: own === outcomes.length })
        return own
      },
    },
  })
  return { held, finished, load, options: { wrap } }
}

const ofApp = (world: InboxWorld, app: string, nth: number, accounts = [app]) =>
  message(world.environment.id, `msg_${app}_${nth}`, { integrationId: `int_${app}`, accounts, dedupe: `${nth}` })

/** More apps at the same platform. */
async function addApps({ deps, environment, integrationId }: InboxWorld, apps: readonly string[]): Promise<void> {
  const row = (await deps.directory.integration(environment.id, integrationId))!
  for (const app of apps) await deps.directory.saveIntegration({ ...row, id: `int_${app}` }, { at: 0, actor: 'system' })
}

const lagging = takingLong((id) => id.startsWith('msg_slow'))
story(
  'an app that is slow holds up no other of its environment, and has its own messages done in order',
  async (world) => {
    const { connection } = await world.connectAccount()
    const { id: account } = connection.account
    const { held, finished } = lagging
    await addApps(world, ['slow', 'slowest', 'quick'])
    // With the slow ones in a batch, and behind them.
    await world.deps.inbox.store([ofApp(world, 'slow', 1), ofApp(world, 'slowest', 1)])
    await world.send(event(account, 'comment', 'c1'))
    const stop = new AbortController()
    let isOver = false
    const worked = world.worker.run(stop.signal).then(() => {
      isOver = true
    })
    await world.clock.sleep(second / 2)
    assert.deepEqual([held.length, (await world.records()).length], [2, 1])
    // While it is at work here nothing more of it is claimed, and of others everything, as soon as it comes: also about an account of that name.
    await world.deps.inbox.store([ofApp(world, 'slow', 2), ofApp(world, 'slow', 3, ['other'])])
    world.worker.wake(world.environment.id, 'int_slow')
    await world.deps.inbox.store([ofApp(world, 'quick', 1, ['slow'])])
    await world.send(event(account, 'comment', 'c2'))
    await world.clock.sleep(1)
    assert.deepEqual([held.length, (await world.records()).length], [2, 2])
    assert.equal(finished.filter(({ ids }) => ids === 'msg_quick_1').length, 1)
    // What another process stored meanwhile is found by the end of a poll.
    await world.deps.inbox.store([ofApp(world, 'quick', 2)])
    await world.clock.sleep(second + 1)
    assert.equal(finished.filter(({ ids }) => ids === 'msg_quick_2').length, 1)
    await world.clock.sleep(15 * second)
    assert.equal(held.length, 2)
    held[0]!()
    await world.clock.sleep(1)
    assert.equal(held.length, 3, 'and then at once, although another one is still at work')
    stop.abort()
    held[2]!()
    await world.clock.sleep(second)
    assert.ok(!isOver, 'what was begun is finished')
    held[1]!()
    await worked
    assert.deepEqual(
      finished.filter(({ ids }) => ids.startsWith('msg_slow_')).map(({ ids, own }) => [ids, own]),
      [
        ['msg_slow_1', true],
        ['msg_slow_2,msg_slow_3', true],
      ],
    )
  },
  lagging.options,
)

const many = takingLong((id) => id.startsWith('msg_slow'))
story(
  'no more than three apps of an environment are worked on at once, and what waited until its claim ran out is claimed anew',
  async (world) => {
    const { held, finished, load } = many
    const apps = ['slow1', 'slow2', 'slow3', 'slow4', 'slow5', 'then']
    await addApps(world, apps)
    await world.deps.inbox.store(apps.map((app) => ofApp(world, app, 1)))
    const stop = new AbortController()
    const worked = world.worker.run(stop.signal)
    await world.clock.sleep(second)
    assert.deepEqual([held.length, finished.length], [3, 0])
    await world.clock.sleep(minute)
    assert.equal(held.length, 3)
    for (let n = 0; n < 5; n++) {
      held[n]!()
      await world.clock.sleep(1)
    }
    stop.abort()
    await worked
    assert.deepEqual([load.now, load.most], [0, 3])
    const claims = new Map(finished.map(({ ids, claim }) => [ids, claim]))
    assert.deepEqual([...claims.keys()].sort(), apps.map((app) => `msg_${app}_1`).sort())
    const [first] = finished
    for (const app of ['slow4', 'slow5', 'then']) assert.notEqual(claims.get(`msg_${app}_1`), first!.claim, app)
    assert.ok(finished.every(({ own }) => own))
  },
  many.options,
)

const late: (() => void)[] = []
const behind = takingLong((id) => id.startsWith('msg_slow'))
story(
  'what is stored while a claim is on its way is worked through right after it, whatever that claim brought',
  async (world) => {
    const { held, finished } = behind
    await addApps(world, ['slow', 'quick'])
    await world.deps.inbox.store([ofApp(world, 'slow', 1)])
    const stop = new AbortController()
    const worked = world.worker.run(stop.signal)
    await world.clock.sleep(1)
    assert.equal(late.length, 1)
    await world.deps.inbox.store([ofApp(world, 'slow', 2), ofApp(world, 'quick', 1)])
    for (const app of ['slow', 'quick']) world.worker.wake(world.environment.id, `int_${app}`)
    late[0]!()
    await world.clock.sleep(1)
    late[1]!()
    await world.clock.sleep(1)
    assert.deepEqual([held.length, finished.map(({ ids }) => ids)], [1, ['msg_quick_1']])
    stop.abort()
    for (const go of [...held, ...late]) go()
    await worked
  },
  {
    wrap: (deps) => ({
      inbox: {
        ...behind.options.wrap(deps).inbox!,
        async claim(environmentId, options) {
          const claimed = await deps.inbox.claim(environmentId, options)
          await new Promise<void>((resolve) => late.push(resolve))
          return claimed
        },
      },
    }),
  },
)

const beside = takingLong((id) => id.startsWith('msg_slow'))
story(
  'beside slow apps the next batch of another one begins at once, and so does an app for which there was no room, and an address whose claim ran out',
  async (world) => {
    const { held, finished } = beside
    await addApps(world, ['slow1', 'slow2', 'slow3', 'quick', 'then'])
    const parts = { deps: world.deps, setting: world.setting, woken: () => {}, erase: async () => {} }
    const worker = openInboxWorker(parts, { pollMs: hour, batch: 3, appsAtOnce: 3 })
    const stop = new AbortController()
    const store = async (...messages: Parameters<Deps['inbox']['store']>[0]) => {
      await world.deps.inbox.store(messages)
      worker.wake(world.environment.id, messages[0]!.integrationId)
      await world.clock.sleep(1)
    }
    await world.deps.inbox.store([
      ofApp(world, 'slow1', 1),
      ...[1, 2, 3, 4].map((nth) => ({ ...ofApp(world, 'quick', nth), receivedAt: nth + 1 })),
    ])
    const worked = worker.run(stop.signal)
    await world.clock.sleep(1)
    const done = () => finished.map(({ ids }) => ids)
    assert.deepEqual([held.length, done()], [1, ['msg_quick_1,msg_quick_2', 'msg_quick_3,msg_quick_4']])

    await store(ofApp(world, 'slow2', 1), { ...ofApp(world, 'slow2', 2), callback: 'goodbye' })
    await store(ofApp(world, 'slow3', 1))
    assert.equal(held.length, 3)
    await store(ofApp(world, 'then', 1))
    await world.clock.sleep(minute)
    assert.deepEqual([held.length, done().length], [3, 2])
    held[2]!()
    await world.clock.sleep(1)
    assert.deepEqual(done().slice(2), ['msg_slow3_1', 'msg_then_1'])

    held[1]!()
    await world.clock.sleep(1)
    assert.equal(held.length, 4, 'its other address, claimed anew')
    held[3]!()
    await world.clock.sleep(1)
    assert.deepEqual(
      finished.slice(4).map(({ ids, own }) => [ids, own]),
      [
        ['msg_slow2_1', true],
        ['msg_slow2_2', true],
      ],
    )
    stop.abort()
    held[0]!()
    await worked
  },
  beside.options,
)

const busy = holding(() => false)
story(
  'who has much waits for its next batch until all others had one',
  async (world) => {
    const messages = inEnvironments([...Array(9).fill('env_a'), 'env_b', 'env_b', 'env_c'])
    await world.deps.inbox.store(messages)
    const parts = { deps: world.deps, setting: world.setting, woken: () => {}, erase: async () => {} }
    const worker = openInboxWorker(parts, { pollMs: second, batch: 1, atOnce: 1 })
    const stop = new AbortController()
    const worked = worker.run(stop.signal)
    await world.clock.sleep(second / 2)
    stop.abort()
    await worked
    assert.deepEqual(busy.claims.slice(0, 6), ['env_a', 'env_b', 'env_c', 'env_a', 'env_b', 'env_a'])
    assert.equal(busy.claims.filter((id) => id === 'env_a').length, 9)
  },
  busy.options,
)

const taken = holding(() => false)
story(
  'environments whose messages somebody else has are asked once a poll, however many there are, and at once where something comes in',
  async (world) => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `env_${name}`)
    const { inbox, clock } = world.deps
    await inbox.store(inEnvironments(ids))
    const now = clock.now()
    for (const id of ids) await inbox.claim(id, { now, until: now + minute, claim: 'clm_other', limit: 9 })
    taken.claims.length = 0
    const stop = new AbortController()
    const worked = world.worker.run(stop.signal)
    const stored = async (id: string) => {
      await inbox.store([message('env_e', id, { dedupe: id })])
      world.worker.wake('env_e')
    }
    await clock.sleep(second / 2)
    assert.deepEqual(taken.claims, ids)
    await stored('msg_new')
    await clock.sleep(second / 4)
    // That one was there, so it is looked whether there is more.
    assert.deepEqual(taken.claims.slice(ids.length), ['env_e', 'env_e'])
    await clock.sleep(10 * second)
    assert.ok(taken.claims.length <= 12 * ids.length, `${taken.claims.length} claims`)
    // Whoever had them is dead.
    await clock.sleep(minute)
    stop.abort()
    await worked
    for (const id of ids) assert.ok((await inbox.list(id, { limit: 1 }))[0]!.attempts > 0, `nobody worked on ${id}`)
  },
  taken.options,
)

story('old messages are forgotten when nobody sends them again any more', async (world) => {
  const { connection } = await world.connectAccount()
  await world.send(event(connection.account.id, 'comment', 'c1'))
  await world.send(event('stranger', 'comment', 'c2'))
  await world.workOnce()
  await world.clock.sleep(29 * 24 * hour)
  await runInboxSweep(world.deps)
  assert.equal((await world.messages()).length, 2)
  // T30: three simulated weeks later it still is the same message.
  await world.send(event(connection.account.id, 'comment', 'c1'))
  assert.equal((await world.messages()).length, 2)
  await world.clock.sleep(2 * 24 * hour)
  await runInboxSweep(world.deps)
  assert.deepEqual(
    (await world.messages()).map(({ state }) => state),
    ['unmatched'],
  )
})

/** An artist's account, as the platform will name it. */
async function accountOf(world: InboxWorld, artist: number): Promise<string> {
  return world.sandbox.personas.persona(world.provider, world.artists[artist]!).account.id
}
