import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, hour, minute, type Provider } from '@patchbay/kit'
import * as catalog from '../../../../providers/index.ts'
import { openTellingWorld } from '../../../../sim/conformance/webhooks.ts'
import { lossOf } from './loss.ts'
import { runWantSubscriptions } from './want-subscriptions.ts'

const all: Provider[] = Object.values(catalog).filter(({ webhooks }) => webhooks?.subscription)
/** One whose platform asks back and lets it run out, and one that can be asked what it tells of. */
const leased = all.find(({ webhooks }) => webhooks?.subscription?.confirmedBy === 'handshake')!
const watched = all.find(({ webhooks }) => webhooks?.subscription?.look)!

async function subscribed(provider: Provider) {
  const world = await openTellingWorld(provider)
  const [artist] = world.artists
  const connection = await world.run(() => world.connect(artist!, provider))
  await world.exchange()
  const row = async () => (await world.rows())[0]
  assert.equal((await row())?.state, 'active')
  const told = () =>
    world.sandbox.subscriptions.of(provider.id, world.sandbox.subscriptions.list()[0]?.topic ?? '', world.clock.now())
  return { ...world, artist: artist!, connection, row, told }
}

test('F76: a lease is renewed with as much time again as is left of it, and never has a gap', async () => {
  const world = await subscribed(leased)
  const first = (await world.row())!
  const leaseMs = first.until! - first.confirmedAt!
  assert.ok(leaseMs > dayMs)
  assert.equal(first.dueAt, first.confirmedAt! + leaseMs / 2)
  const renewals = new Set<number>()
  for (let gone = 0; gone < 4 * leaseMs; gone += 6 * hour) {
    await world.live(6 * hour, 6 * hour)
    assert.equal(world.told().length, 1)
    renewals.add((await world.row())!.confirmedAt!)
  }
  assert.ok(renewals.size >= 7 && renewals.size <= 9, `${renewals.size} renewals in four leases`)
})

test('a platform that is away for a third of a lease does not end it', async () => {
  const world = await subscribed(leased)
  const { until, dueAt } = (await world.row())!
  const { clock, sandbox } = world
  await world.live(dueAt - clock.now() - hour)
  sandbox.weather.add({ id: 'away', kind: 'outage', provider: leased.id, from: clock.now() })
  await world.live((until! - clock.now()) * 0.66)
  const failing = (await world.row())!
  assert.equal(failing.fault, 'provider.down')
  assert.ok(failing.attempts > 3)
  sandbox.weather.clear('away')
  await world.live(7 * hour)
  const after = (await world.row())!
  assert.ok(after.until! > until! && after.fault === null && after.attempts === 0)
  assert.equal(world.told().length, 1)
})

test('a connector that stumbles over one is tried again later, and keeps none of the others waiting', async () => {
  const { webhooks } = leased
  const { subscription } = webhooks!
  let bug = false
  const stumbling: Provider = {
    ...leased,
    webhooks: {
      ...webhooks!,
      subscription: {
        ...subscription!,
        begin: async (context) => {
          if (bug) throw new TypeError('not a function')
          await subscription!.begin(context)
        },
      },
    },
  }
  const world = await subscribed(stumbling)
  const { dueAt } = (await world.row())!
  bug = true
  await world.live(dueAt - world.clock.now() + hour)
  const failing = (await world.row())!
  assert.deepEqual([failing.fault, failing.state], ['platform.bug', 'active'])
  assert.ok(failing.attempts > 1)
  bug = false
  await world.live(7 * hour)
  assert.equal((await world.row())!.fault, null)
})

test('F75: what the platform forgot is found within a day and asked for again', async () => {
  const world = await subscribed(watched)
  const before = (await world.row())!
  world.sandbox.subscriptions.remove(world.sandbox.subscriptions.list()[0])
  assert.equal(world.told().length, 0)
  await world.live(26 * hour)
  const after = (await world.row())!
  assert.equal(world.told().length, 1)
  assert.deepEqual([after.drifts, after.state], [before.drifts + 1, 'active'])
  // Fewer kinds than were asked for are no less amiss.
  const [kept] = world.sandbox.subscriptions.list()
  Object.assign(kept!, { kinds: kept!.kinds!.slice(1) })
  await world.live(26 * hour)
  assert.deepEqual(new Set(world.told()[0]!.kinds), new Set(after.kinds))
  assert.equal((await world.row())!.drifts, 2)
})

test('a platform may ask back before it answers', async () => {
  const world = await openTellingWorld(leased)
  const { sandbox } = world
  const plain = sandbox.send
  Object.assign(sandbox, {
    async send(...asked: Parameters<typeof plain>) {
      const answer = await plain(...asked)
      await sandbox.postbox.tick()
      return answer
    },
  })
  await world.run(() => world.connect(world.artists[0]!, leased))
  await world.run(() => world.keep())
  const [row] = await world.rows()
  assert.deepEqual([row!.state, row!.attempts], ['active', 0])
  assert.ok(row!.dueAt > world.clock.now() + dayMs)
})

test('consent that is given anew asks for everything anew, whatever is thought to hold', async () => {
  for (const provider of [leased, watched]) {
    const world = await subscribed(provider)
    world.sandbox.subscriptions.remove(world.sandbox.subscriptions.list()[0])
    await world.run(() => world.connect(world.artist, provider, { reconnect: world.connection.id }))
    await world.exchange()
    assert.equal(world.told().length, 1, provider.id)
    assert.equal((await world.row())!.state, 'active')
  }
})

test('two connections of one account share it, and it ends with the last', async () => {
  const world = await subscribed(leased)
  const other = await world.run(() => world.connect(world.artist, leased, { profile: 'another profile' }))
  await world.exchange()
  assert.equal((await world.rows()).length, 2)
  assert.equal(world.sandbox.subscriptions.list().length, 1)
  const disconnect = (id: string) => world.run(() => world.engine.connect.disconnect(world.environment, id, 'system'))
  await disconnect(world.connection.id)
  await world.exchange()
  assert.equal((await world.rows()).length, 1)
  assert.equal(world.told().length, 1)
  await disconnect(other.id)
  await world.exchange()
  assert.deepEqual(await world.rows(), [])
  assert.deepEqual(world.sandbox.subscriptions.list(), [])
})

test('nobody has us confirm what we did not ask for, or end what we want', async () => {
  const world = await subscribed(leased)
  const { topic, id: rowId } = (await world.row())!
  const ask = async (mode: string, about: string, lease = '1') => {
    const url = new URL(`${world.setting.publicUrl}/hooks/${world.integrationIdOf(leased)}`)
    const query = { 'hub.mode': mode, 'hub.topic': about, 'hub.challenge': 'ch', 'hub.lease_seconds': lease }
    const message = { method: 'GET', url: url.href, query, headers: {}, body: new Uint8Array() }
    return world
      .run(() => world.engine.hooks.receive(world.integrationIdOf(leased), null, message))
      .then(
        ({ body }) => body,
        (error: { code: string }) => error.code,
      )
  }
  assert.equal(await ask('subscribe', `${topic}X`), 'input.unauthenticated')
  assert.equal(await ask('unsubscribe', topic), 'input.unauthenticated')
  assert.equal(await ask('denied', topic), 'input.unauthenticated')
  assert.equal((await world.row())!.id, rowId)
  // A hub that did not hear the answer asks once more, and that draws nothing out.
  const { until, dueAt, confirmedAt } = (await world.row())!
  for (const lease of ['999999999', '1']) assert.equal(await ask('subscribe', topic, lease), 'ch')
  const twice = (await world.row())!
  assert.deepEqual([twice.until, twice.dueAt, twice.confirmedAt], [until, dueAt, confirmedAt])
  // What holds is confirmed to nobody: day by day it would be drawn out until the real one has run out unseen.
  for (let day = 0; day < 12; day++) {
    await world.live(dayMs, hour)
    assert.equal(world.told().length, 1, `day ${day}`)
    const row = (await world.row())!
    const isPending = row.askedAt! > row.confirmedAt! || world.clock.now() - row.confirmedAt! <= 10 * minute
    assert.equal(await ask('subscribe', topic, '999999999'), isPending ? 'ch' : 'input.unauthenticated', `day ${day}`)
  }
})

test('F72: an exchanged secret is told to the platform while the earlier one still counts', async () => {
  const world = await subscribed(leased)
  const { sandbox, environment, engine } = world
  const [kind] = (await world.row())!.kinds
  const trigger = async () => {
    const [letter] = sandbox.postbox.trigger(leased, world.artist, kind!)
    await world.run(() => sandbox.postbox.tick())
    return letter!.state
  }
  const clientSecret = 'another-secret'
  sandbox.apps.register({ provider: leased.id, clientId: sandbox.apps.first(leased.id).clientId, clientSecret })
  const change = { id: world.integrationIdOf(leased), provider: leased.id, clientSecret }
  await world.run(() => engine.saveIntegration(environment, change, 'owner'))
  // Signed with the earlier one, which counts for a day.
  assert.equal(await trigger(), 'delivered')
  await world.live(3 * dayMs)
  assert.equal(await trigger(), 'delivered')
})

test('without the permission nothing is asked for, and with it all is, at the latest an hour later', async () => {
  const world = await openTellingWorld(watched)
  const [artist] = world.artists
  const scopes = Object.values(watched.webhooks!.subscription!.kinds).filter((scope) => scope !== null)
  const connection = await world.run(() => world.connect(artist!, watched, { withhold: scopes }))
  await world.exchange()
  assert.deepEqual(await world.rows(), [])
  assert.deepEqual(world.sandbox.subscriptions.list(), [])
  await world.run(() => world.connect(artist!, watched, { reconnect: connection.id }))
  await world.run(() => runWantSubscriptions(world.deps, world.setting))
  await world.exchange()
  assert.equal((await world.rows())[0]!.state, 'active')
})

test('an app that is switched off, or a disconnection that nobody heard of, ends it by the hour', async () => {
  const off = await subscribed(watched)
  const id = off.integrationIdOf(watched)
  await off.engine.saveIntegration(off.environment, { id, provider: watched.id, enabled: false }, 'system')
  await off.run(() => runWantSubscriptions(off.deps, off.setting))
  await off.exchange()
  assert.deepEqual(await off.rows(), [])

  const unheard = await subscribed(leased)
  const change = { from: ['pending', 'healthy', 'degraded'], to: 'disconnected', reason: 'disconnected' } as const
  const along = { at: unheard.clock.now(), actor: 'system' } as const
  await unheard.deps.connections.move(unheard.environment.id, unheard.connection.id, change, along)
  await unheard.run(() => runWantSubscriptions(unheard.deps, unheard.setting))
  await unheard.exchange()
  assert.deepEqual(await unheard.rows(), [])
  assert.deepEqual(unheard.sandbox.subscriptions.list(), [])
})

test('F75: how much a platform does not tell of is known from what reading finds', async () => {
  const announcing = all.find(({ webhooks }) => webhooks?.subscription?.announces)!
  const world = await subscribed(announcing)
  const { sandbox, deps, setting, environment } = world
  const [kind] = Object.keys(announcing.webhooks!.subscription!.announces!)
  const sums = { found: 0, told: 0 }
  // Days on which nothing arrives, and days on which everything does, until there was something to tell on both.
  for (let turn = 0; turn < 12 && !(sums.told > 0 && sums.told < sums.found); turn++) {
    if (turn % 2 === 0) sandbox.weather.add({ id: 'taken', kind: 'drop', route: 'POST webhooks' })
    else sandbox.weather.clear('taken')
    for (let part = 0; part < 4; part++) {
      await world.passTime(3 * dayMs)
      await world.run(() => world.keep())
      await world.run(() => sandbox.postbox.tick())
    }
    const [{ found, told, loss, missed, from, to }] = (await lossOf(deps, setting, environment.id)) as [
      Awaited<ReturnType<typeof lossOf>>[number],
    ]
    // The truth: what was posted of the events of those days, and what the weather took of it.
    const posted = sandbox.postbox
      .list()
      .filter(({ kinds, postedAt }) => kinds.includes(kind!) && postedAt > from + dayMs && postedAt <= to)
    const delivered = posted.filter(({ state }) => state === 'delivered')
    assert.ok(found >= posted.length && told >= delivered.length && found - told >= posted.length - delivered.length)
    assert.equal(missed.length, found - told)
    assert.equal(loss, found === 0 ? null : (found - told) / found)
    sums.found += found
    sums.told += told
  }
  assert.ok(sums.told > 0 && sums.told < sums.found, JSON.stringify(sums))
})
