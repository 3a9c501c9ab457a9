import assert from 'node:assert/strict'
import { dayMs, hour, minute, type Provider } from '@patchbay/kit'
import { doingOf, isKnown } from '../../src/engine/inbox/read-message.ts'
import { runKeepSubscriptions } from '../../src/engine/inbox/subscriptions/keep-subscriptions.ts'
import { openPretendWorld } from '../pretend-world.ts'

/** A world in which a platform tells of what happens, and its apps ask for what that needs. */
export async function openTellingWorld(provider: Provider) {
  const world = await openPretendWorld({ providers: [provider], artists: 2, seed: `webhooks/${provider.id}` })
  const { engine, environment, sandbox, deps, setting } = world
  const id = world.integrationIdOf(provider)
  const { subscription, handshakes } = provider.webhooks!
  const scopes = Object.values(subscription?.kinds ?? {}).filter((scope) => scope !== null)
  const change = { id, provider: provider.id, scopes: [...new Set(scopes)] }
  await engine.saveIntegration(environment, change, 'system')
  const word = handshakes?.find(({ token }) => token)?.token?.secret
  const app = sandbox.apps.first(provider.id).clientId
  const verifyToken = provider.settings?.[word ?? '']?.sandbox ?? ''
  const address = { provider: provider.id, app, url: `${setting.publicUrl}/hooks/${id}`, verifyToken }
  if (subscription?.confirmedBy !== 'handshake') sandbox.subscriptions.address(address, world.clock.now())
  const keep = () => runKeepSubscriptions({ deps, setting, vault: engine.vault, gateway: engine.gateway })
  return {
    ...world,
    keep,
    rows: () => deps.subscriptions.list(environment.id, { limit: 100 }),
    /** What is due on both sides, again and again, until nothing is. */
    exchange: () =>
      world.run(async () => {
        for (let turn = 0; turn < 3; turn++) {
          await keep()
          await sandbox.postbox.tick()
        }
      }),
    messages: () => deps.inbox.list(environment.id, { limit: 10_000 }),
    /** Lets time pass, with both sides at work each hour. */
    live: (ms: number, each: number = hour) =>
      world.run(async () => {
        for (let gone = 0; gone < ms; gone += each) {
          await world.clock.sleep(each)
          await keep()
          await sandbox.postbox.tick()
        }
      }),
  }
}

/**
 * What a platform sends reaches us: the connector subscribes as its emulator wants it, answers what is asked, takes what the sandbox signs in code of
 * its own, and understands each kind of event; for a month, beyond every lease; and nothing comes any more after the account was disconnected.
 */
export async function checkWebhooks(provider: Provider): Promise<string> {
  const world = await openTellingWorld(provider)
  const { sandbox, deps, environment } = world
  const [artist] = world.artists
  const connection = await world.run(() => world.connect(artist!, provider))
  await world.exchange()
  const [row] = await world.rows()
  assert.equal(row?.state, 'active', `it is ${row?.state}: ${row?.fault}`)
  assert.equal(row.account, connection.account.id)
  assert.equal(provider.emulator.webhooks!.topic(artist!, sandbox.world), row.topic)

  const account = connection.account.id
  for (const kind of row.kinds) {
    const before = new Set((await world.messages()).map(({ id }) => id))
    const [letter] = sandbox.postbox.trigger(provider, artist!, kind)
    await world.run(() => sandbox.postbox.tick())
    assert.equal(letter!.state, 'delivered', `${kind} is answered ${letter!.answer}`)
    const fresh = (await world.messages()).filter(({ id }) => !before.has(id))
    assert.equal(fresh.length, 1, `${kind} is stored ${fresh.length} times`)
    const [{ accounts, types }] = fresh as [(typeof fresh)[number]]
    assert.deepEqual([accounts, types], [[account], [kind]])
    assert.ok(isKnown(doingOf(provider.webhooks!, kind)), `${kind} does nothing`)
  }

  await world.live(30 * dayMs)
  const letters = sandbox.postbox.list()
  const amiss = letters.filter(({ state }) => state !== 'delivered').map(({ kinds, answer }) => `${kinds} ${answer}`)
  assert.deepEqual(amiss, [])
  assert.ok(letters.length > row.kinds.length, 'nothing happened in a month')
  for (const { accounts, types } of await world.messages()) {
    assert.deepEqual(accounts, [account])
    for (const type of types) assert.ok(row.kinds.includes(type), `${type} came and was not subscribed to`)
  }
  assert.equal((await world.rows())[0]?.state, 'active')

  await world.run(() => world.engine.connect.disconnect(environment, connection.id, 'system'))
  await world.exchange()
  await world.live(10 * minute, minute)
  assert.deepEqual(await world.rows(), [])
  assert.deepEqual(sandbox.subscriptions.list(), [])
  assert.throws(() => sandbox.postbox.trigger(provider, artist!, row.kinds[0]!), /nobody is subscribed/)
  return `${letters.length} messages in a month, ${(await deps.inbox.list(environment.id, { limit: 10_000 })).length} of them stored`
}
