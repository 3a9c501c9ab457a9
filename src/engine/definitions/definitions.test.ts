import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Definition } from '@patchbay/definitions'
import { isFault, type Provider } from '@patchbay/kit'
import { exampleDefinition } from '../../../packages/definitions/src/test-definition.ts'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { openMemoryStores } from '../../drivers/memory-stores.ts'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import type { Environment } from '../../ports/directory.ts'
import { NetworkFailure } from '../../ports/network.ts'
import type { Deps } from '../deps.ts'
import { sharedName } from '../http/target.ts'
import { ipBucketsOf } from '../quota/buckets.ts'
import { openRecent, recentMs } from '../recent.ts'
import { openProviders } from './providers.ts'
import { saveDefinition } from './save-definition.ts'
import { sandboxTeacher } from './teach-sandbox.ts'

test('another process has a new definition, and a new version of it, within half a second', async () => {
  const { here, there, clock, environment } = await open()
  assert.equal((await there.find('tidewave'))?.name, undefined)
  await here.save()
  assert.equal((await here.find('tidewave'))?.name, 'Tidewave')
  await clock.run(() => clock.sleep(recentMs))
  assert.equal((await there.find('tidewave'))?.name, 'Tidewave')
  await here.save((definition) => (definition.name = 'Tidewave 2'))
  assert.equal((await here.find('tidewave'))?.name, 'Tidewave 2')
  await clock.run(() => clock.sleep(recentMs))
  assert.equal((await there.find('tidewave'))?.name, 'Tidewave 2')
  await here.deps.definitions.remove(environment.id, 'tidewave', { at: 0, actor: 'system' })
  await clock.run(() => clock.sleep(recentMs))
  assert.equal(await there.find('tidewave'), undefined)
})

test('removed and registered anew with the same version number it is another platform', async () => {
  const { here, there, clock, environment } = await open()
  await here.save()
  assert.equal((await there.find('tidewave'))?.name, 'Tidewave')
  await here.deps.definitions.remove(environment.id, 'tidewave', { at: 0, actor: 'system' })
  await here.save((definition) => (definition.name = 'Another'))
  await clock.run(() => clock.sleep(recentMs))
  assert.equal((await there.find('tidewave'))?.name, 'Another')
})

test('what is not new is not compiled again', async () => {
  const { here, clock } = await open()
  await here.save()
  const first = await here.find('tidewave')
  await here.save((definition) => (definition.id = 'second'))
  await clock.run(() => clock.sleep(recentMs))
  assert.ok(await here.find('second'))
  assert.equal(await here.find('tidewave'), first)
})

test('many who ask at once wait for one compilation', async () => {
  const { here, there, told } = await open()
  await here.save()
  told.length = 0
  const found = await Promise.all(Array.from({ length: 20 }, () => there.find('tidewave')))
  assert.equal(new Set(found).size, 1)
  assert.ok(found[0])
  assert.equal(told.length, 1)
})

test('the environment’s own comes before the catalog’s, and is nobody else’s', async () => {
  const { here } = await open({ catalog: [named('other'), named('tidewave', 'of the catalog')] })
  await here.store(exampleDefinition())
  assert.equal((await here.find('tidewave'))?.name, 'Tidewave')
  assert.equal((await here.find('other'))?.name, 'other')
  assert.equal((await here.find('tidewave', 'env_b'))?.name, 'of the catalog')
  assert.equal((await here.find('tidewave'))?.ownedBy, 'env_a')
})

test('one that this version does not take any more is left out and told, and the others go on', async () => {
  const { here, log, clock } = await open({ catalog: [named('old', 'of the catalog')] })
  await here.save()
  await here.store({ ...exampleDefinition(), id: 'old', definition: 0 as never })
  assert.equal(await here.find('old'), undefined)
  assert.equal((await here.find('tidewave'))?.name, 'Tidewave')
  assert.ok(log.lines.some(({ event }) => event === 'definitions.refused'))
  await here.save((definition) => (definition.id = 'third'))
  await clock.run(() => clock.sleep(recentMs))
  assert.ok(await here.find('third'))
  assert.equal(await here.find('old'), undefined, 'its connections have nothing to do with the catalog’s')
})

test('of two who replace the same version one is told to read it again', async () => {
  const { here, there } = await open()
  await here.save()
  // Both have read the first version before either writes.
  const read = here.deps.definitions.read
  let gate: () => void = () => {}
  const both = new Promise<void>((resolve) => {
    gate = resolve
  })
  let readers = 0
  const slow = {
    ...here.deps.definitions,
    async read(...where: Parameters<typeof read>) {
      const found = await read(...where)
      if (++readers === 2) gate()
      await both
      return found
    },
  }
  const replace = (side: typeof here, name: string) =>
    saveDefinition(
      { ...side.deps, definitions: slow },
      side.setting,
      side.environment,
      { ...exampleDefinition(), name },
      'key:a',
    )
  const ended = await Promise.allSettled([replace(here, 'A'), replace(there, 'B')])
  assert.deepEqual(ended.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const refused = ended.find((one) => one.status === 'rejected')!
  assert.ok(isFault(refused.reason, 'input.conflict'))
})

test('a secret of an app alone keeps a definition where it is', async () => {
  const { here } = await open()
  await here.save()
  const moved = (definition: Definition) => {
    definition.api.hosts = { stats: 'https://collector.example' }
  }
  await here.deps.directory.saveIntegration({ ...app, clientSecret: 'sealed' }, { at: 0, actor: 'system' })
  await assert.rejects(
    here.save(moved),
    (error) => isFault(error, 'input.conflict') && /collector\.example/.test(error.message),
  )
  await here.deps.directory.saveIntegration(app, { at: 0, actor: 'system' })
  await here.save(moved)
})

test('one whose present form cannot be read is not replaced while credentials are kept', async () => {
  const { here } = await open()
  await here.store({ ...exampleDefinition(), definition: 0 as never })
  const secret = { ...app, clientSecret: 'sealed' }
  await here.deps.directory.saveIntegration(secret, { at: 0, actor: 'system' })
  await assert.rejects(here.save(), (error) => isFault(error, 'input.conflict'))
  await here.deps.directory.saveIntegration(app, { at: 0, actor: 'system' })
  await here.save()
})

test('troubles and limits of one that an environment registered are its own', () => {
  const mode = 'live' as const
  const environment = { id: 'env_a', workspace: 'a', mode, createdAt: 0 }
  const [own, other] = [
    { ...named('tidewave'), ownedBy: 'env_a' },
    { ...named('tidewave'), ownedBy: 'env_b' },
  ]
  assert.notEqual(sharedName({ environment, provider: own }), sharedName({ environment, provider: other }))
  assert.notEqual(ipBucketsOf({ environment, provider: own }), ipBucketsOf({ environment, provider: other }))
  const catalog = named('tidewave')
  assert.equal(
    sharedName({ environment, provider: catalog }),
    sharedName({ environment: { ...environment, id: 'env_b' }, provider: catalog }),
  )
})

test('a sandbox that does not answer is told to whoever registers, and only there', async () => {
  const { here, log } = await open({ sandbox: 'away' })
  const { remarks } = await here.save()
  assert.match(remarks.at(-1)!.says, /the sandbox cannot be reached/)
  assert.ok(await here.find('tidewave'))
  assert.ok(log.lines.some(({ event }) => event === 'definitions.sandbox_not_told'))
  const live = await open({ sandbox: 'away', mode: 'live' })
  assert.deepEqual((await live.here.save()).remarks, [])
  assert.equal(live.told.length, 0)
})

// Helpers.

const app = {
  ...{ id: 'int_1', environmentId: 'env_a', provider: 'tidewave', name: 'T', clientId: null, clientSecret: null },
  ...{ settings: {}, scopes: [], enabled: true, incident: null, createdAt: 0 },
}

const named = (id: string, name = id) => ({ id, name, streams: {}, api: { quotas: [] } }) as unknown as Provider

/** Two processes over one store. */
async function open(
  options: { catalog?: readonly Provider[]; sandbox?: 'there' | 'away'; mode?: Environment['mode'] } = {},
) {
  const { mode = 'test', sandbox = 'there', catalog = [] } = options
  const clock = new SimulatedClock(1_000_000)
  const log = openCapturedLog()
  const { stores } = openMemoryStores()
  const told: unknown[] = []
  const environment: Environment = { id: 'env_a', workspace: 'a', mode, createdAt: 0 }
  await stores.directory.saveEnvironment(environment)
  const network = {
    async send({ body }: { body?: unknown }) {
      if (sandbox === 'away') throw new NetworkFailure('connect', false, 'nobody is there')
      told.push(JSON.parse(String(body)))
      return { status: 200, headers: {}, body: (async function* () {})() }
    },
  }
  const world = {
    ...stores,
    clock,
    log,
    random: new SeededRandom('definitions', clock),
    networks: { test: network, live: network },
  }

  function process() {
    const { recent, deps } = openRecent(world)
    const byId = new Map(catalog.map((provider) => [provider.id, provider]))
    const providers = openProviders(deps, recent, byId, sandboxTeacher(deps))
    const setting = { providers, publicUrl: '' }
    return {
      ...{ deps: deps as typeof deps & Pick<Deps, 'networks'>, setting, environment },
      find: async (id: string, environmentId = environment.id) => (await providers.in(environmentId)).get(id),
      save(change: (definition: Definition) => void = () => {}) {
        const definition = exampleDefinition()
        change(definition)
        return saveDefinition(deps, setting, environment, definition, 'key:a')
      },
      /** As another version of this server may have left it. */
      store: (definition: Definition) =>
        deps.definitions.save(
          {
            environmentId: environment.id,
            id: definition.id,
            digest: `of ${definition.id}`,
            document: JSON.parse(JSON.stringify(definition)),
          },
          { expects: null, most: 50 },
          { at: 0, actor: 'system' },
        ),
    }
  }
  return { here: process(), there: process(), clock, log, told, environment }
}
