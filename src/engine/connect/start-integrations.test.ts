import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AlongLog } from '../../drivers/along/memory.ts'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryDataKeys } from '../../drivers/data-keys/memory.ts'
import { openMemoryDirectory } from '../../drivers/directory/memory.ts'
import { openFixedKeys } from '../../drivers/keys/fixed.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import { catalogOnly } from '../definitions/providers.ts'
import { openVault } from '../vault/vault.ts'
import { withClient, withSetting } from './integration-secrets.ts'
import { withPrevious } from './previous-secrets.ts'
import { type AppSetUp, startIntegrations } from './start-integrations.ts'
import { tuneful } from './test-world.ts'

const provider = tuneful({
  provider: {
    settings: {
      mode: { label: 'Mode', initial: 'small', choices: ['small', 'large'] },
      apiKey: { label: 'API key', secret: true },
    },
  },
})
const environment = { id: 'env_1', workspace: 'w', mode: 'live', createdAt: 0 } as const

function open() {
  const clock = new SimulatedClock(1000)
  const along = new AlongLog()
  const deps = {
    ...{ clock, random: new SeededRandom('x', clock), log: openCapturedLog() },
    ...{ directory: openMemoryDirectory(along), keys: openFixedKeys(), dataKeys: openMemoryDataKeys() },
  }
  const vault = openVault(deps)
  const setting = { providers: catalogOnly([provider]), publicUrl: 'https://p.example' }
  const start = (app: AppSetUp) => startIntegrations(deps, setting, vault, environment, { tuneful: app, unknown: {} })
  const read = async () => (await deps.directory.integration('env_1', 'int_env_1_tuneful'))!
  return { ...deps, vault, along, start, read }
}

const app = { clientId: 'id', clientSecret: 'pssst', settings: { apiKey: 'the key' } }

test('it is made, sealed, with the manifest’s first guesses', async () => {
  const { start, read, vault } = open()
  assert.deepEqual(await start(app), ['int_env_1_tuneful'])
  const made = await read()
  assert.deepEqual([made.clientId, made.settings.mode, made.enabled, made.name], ['id', 'small', true, 'Tuneful'])
  assert.ok(!JSON.stringify(made).includes('pssst') && !JSON.stringify(made).includes('the key'))
  assert.deepEqual(await withClient(vault, made, async (client) => client), { id: 'id', secret: 'pssst' })
  assert.equal(await withSetting(vault, provider, made, 'apiKey', async (value) => value), 'the key')
})

test('starting again writes nothing', async () => {
  const { start, along } = open()
  await start(app)
  assert.deepEqual(await start(app), [])
  assert.deepEqual(await start({ ...app, settings: { ...app.settings, mode: 'small', apiKey: 'the key' } }), [])
  assert.equal(along.audit.length, 1)
})

test('another secret, id or setting is taken over, and mends the incident; what people set stays', async () => {
  const { start, read, directory, along } = open()
  await start(app)
  const incident = { id: 'inc_1', code: 'setup.credentials', says: '', since: 1, source: 'tokens' } as const
  const changed = { ...(await read()), name: 'Ours', scopes: ['extra'], enabled: false, incident }
  for (const next of [
    { ...app, clientSecret: 'new' },
    { ...app, clientId: 'other' },
    { ...app, settings: { apiKey: 'new key' } },
    { ...app, settings: { ...app.settings, mode: 'large' } },
    { clientId: 'public' },
  ]) {
    await directory.saveIntegration(changed, { at: 1, actor: 'user' })
    assert.deepEqual(await start(next), ['int_env_1_tuneful'])
    const { name, scopes, enabled, incident } = await read()
    assert.deepEqual(
      { name, scopes, enabled, incident },
      { name: 'Ours', scopes: ['extra'], enabled: false, incident: null },
    )
  }
  assert.equal((await read()).clientSecret, null)
  assert.ok(along.audit.every(({ detail }) => !JSON.stringify(detail).includes('new')))
})

test('an exchanged secret is kept beside the new one for a day, sealed, and a start that changes nothing writes nothing', async () => {
  const world = open()
  const previous = async (name: string, now = world.clock.now()) =>
    withPrevious(world.vault, await world.read(), name, now, (value) => value)
  await world.start(app)
  assert.equal(await previous('clientSecret'), null)
  await world.start({ ...app, clientSecret: 'another', settings: { apiKey: 'another key' } })
  assert.deepEqual(await Promise.all(['clientSecret', 'apiKey', 'mode'].map((name) => previous(name))), [
    'pssst',
    'the key',
    null,
  ])
  assert.ok(!JSON.stringify(await world.read()).includes('pssst'))
  assert.deepEqual(await world.start({ ...app, clientSecret: 'another', settings: { apiKey: 'another key' } }), [])
  assert.equal(await previous('clientSecret', world.clock.now() + 86_399_000), 'pssst')
  assert.equal(await previous('clientSecret', world.clock.now() + 86_400_000), null)
  // Exchanged once more: only the last one before it counts.
  await world.start({ ...app, clientSecret: 'a third', settings: { apiKey: 'another key' } })
  assert.equal(await previous('clientSecret'), 'another')
  assert.equal(await previous('apiKey'), 'the key')
})
