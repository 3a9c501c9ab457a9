import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, isFault, minute } from '@patchbay/kit'
import { openMemoryAccess } from '../../drivers/access/memory.ts'
import { AlongLog } from '../../drivers/along/memory.ts'
import { openMemoryDataKeys } from '../../drivers/data-keys/memory.ts'
import { openMemoryDirectory } from '../../drivers/directory/memory.ts'
import { openMemoryFlows } from '../../drivers/flows/memory.ts'
import { openMemoryGrants } from '../../drivers/grants/memory.ts'
import { openFixedKeys } from '../../drivers/keys/fixed.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { systemRandom } from '../../drivers/random/system.ts'
import { openMemorySealedTexts } from '../../drivers/sealed-texts/memory.ts'
import type { Along } from '../../ports/along.ts'
import { exampleGrant } from '../../ports/grants.contract.ts'
import type { Grant } from '../../ports/grants.ts'
import type { StoredText } from '../../ports/sealed-texts.ts'
import { contextOf } from './data-key-cache.ts'
import { beginDataKeyRotation, readDataKeyStatus, runDataKeyRotation } from './rotate-data-key.ts'
import { openDataKey, openText } from './sealed-text.ts'
import { mortalPorts } from './test-mortal.ts'
import { openVault } from './vault.ts'

const env = 'env_a'
const along: Along = { at: 0, actor: 'system' }

/** Each is somebody else's: a person has one grant. */
const grantOf = (id: string, more: Partial<Grant>) => exampleGrant(env, id, { subject: { id, name: id }, ...more })

/** Sealed secrets of every kind in memory stores, and vaults as several processes have them. */
async function world(grants = 120) {
  let now = 0
  const clock = { now: () => now, sleep: async () => {} }
  const log = openCapturedLog()
  const traces = new AlongLog()
  const stores = {
    access: openMemoryAccess(),
    directory: openMemoryDirectory(traces),
    flows: openMemoryFlows(),
    grants: openMemoryGrants(traces),
  }
  const sealedTexts = openMemorySealedTexts(Object.values(stores))
  const dataKeys = openMemoryDataKeys({ log: traces, texts: sealedTexts })
  const deps = { ...stores, sealedTexts, dataKeys, keys: openFixedKeys(), random: systemRandom, clock, log }
  const vaults = [openVault(deps), openVault(deps)] as const
  const seal = (row: string, field: string, generation = 0) =>
    vaults[0].seal(env, { row, field, generation }, secretOf({ row, field, generation }))
  for (let n = 0; n < grants; n++) {
    const id = `gra_${n}`
    const tokens = { access: await seal(id, 'access', 1), refresh: await seal(id, 'refresh', 1) }
    await stores.grants.create(exampleGrant(env, id, { ...tokens, subject: { id, name: id } }), along)
  }
  const app = {
    provider: 'acme',
    name: 'Acme',
    clientId: 'id',
    scopes: [],
    enabled: true,
    incident: null,
    createdAt: 0,
  }
  const clientSecret = await seal('int_1', 'clientSecret')
  const settings = { apiKey: await seal('int_1', 'settings.apiKey'), mode: 'small' }
  await stores.directory.saveIntegration({ ...app, environmentId: env, id: 'int_1', clientSecret, settings }, along)

  /** Every secret in plain, by its place, opened by one of the processes. */
  const openAll = async (vault = vaults[1]) => {
    for (const text of await allTexts())
      assert.equal(await vault.open(env, text, text.sealed, (secret) => secret.reveal()), secretOf(text))
  }
  const allTexts = async () => (await sealedTexts.sealedByOthers(env, 999, { after: null, limit: 10_000 })).texts
  const status = () => readDataKeyStatus(deps, env)
  const walk = () => runDataKeyRotation(deps, vaults[0], env)
  return { deps, stores, traces, vaults, openAll, allTexts, status, walk, pass: (ms: number) => (now += ms) }
}

const secretOf = ({ row, field, generation }: Pick<StoredText, 'row' | 'field' | 'generation'>) =>
  `the ${field} of ${row}, ${generation}`

test('a rotation seals everything anew, and destroys the older key when nobody can need it', async () => {
  const { deps, traces, vaults, openAll, status, walk, pass } = await world()
  const before = await status()
  assert.deepEqual([before.version, before.state, before.done, before.total], [1, 'settled', 242, 242])
  await beginDataKeyRotation(deps, vaults[0], env, 'user:u')
  await beginDataKeyRotation(deps, vaults[1], env, 'user:u')
  const begun = await status()
  assert.deepEqual([begun.version, begun.older, begun.state, begun.done], [2, [1], 'resealing', 0])
  await openAll()
  await walk()
  const sealed = await status()
  assert.deepEqual([sealed.state, sealed.done, sealed.olderRetireAt], ['settling', 242, 85 * minute])
  await openAll()
  pass(84 * minute)
  await walk()
  assert.equal((await status()).state, 'settling')
  pass(2 * minute)
  await walk()
  assert.deepEqual((await status()).older, [])
  await openAll()
  assert.deepEqual(
    traces.audit.map(({ action, subject, actor }) => `${action} ${subject} by ${actor}`),
    ['data_key.added 1 by system', 'data_key.added 2 by user:u', 'data_key.retired 1 by system'],
  )
})

test('T52: the older key opens nothing afterwards, not even for somebody who kept it', async () => {
  const { deps, vaults, allTexts, walk, pass } = await world(3)
  const [first] = await deps.dataKeys.read(env)
  const kept = openDataKey(1, await deps.keys.unwrap(first!.wrapped, contextOf(first!), first!.keyId))
  const [before] = await allTexts()
  assert.ok(openText(kept, env, before!, before!.sealed))
  await beginDataKeyRotation(deps, vaults[0], env, 'system')
  await walk()
  pass(2 * hour)
  await walk()
  const texts = await allTexts()
  assert.equal(texts.length, 8)
  for (const text of texts)
    assert.throws(
      () => openText(kept, env, text, text.sealed),
      (error) => isFault(error, 'platform.vault'),
    )
  assert.equal((await deps.dataKeys.read(env))[0]!.wrapped.length, 0)
  // A text from before, put back by somebody, opens nowhere.
  await assert.rejects(
    vaults[1].open(env, before!, before!.sealed, () => {}),
    /could not be opened/,
  )
})

test('whoever still seals with the older key is waited for', async () => {
  const { deps, stores, vaults, openAll, status, walk, pass } = await world(1)
  // This process has not heard of the new version yet.
  await vaults[1].seal(env, { row: 'x', field: 'y', generation: 0 }, 'z')
  await beginDataKeyRotation(deps, vaults[0], env, 'system')
  await walk()
  const late = {
    access: await vaults[1].seal(env, { row: 'gra_late', field: 'access', generation: 1 }, secretOf(late0)),
  }
  assert.match(late.access, /^pb1\.1\./)
  pass(2 * hour)
  await stores.grants.create(grantOf('gra_late', { ...late, refresh: null }), along)
  await walk()
  assert.deepEqual((await status()).older, [1], 'somebody may have read it with its older text just now')
  await walk()
  assert.deepEqual((await status()).older, [])
  await openAll()
})

const late0 = { row: 'gra_late', field: 'access', generation: 1 }

test('a text that opens with no key is left as it is, and its key too', async () => {
  const { deps, stores, vaults, status, walk, pass } = await world(1)
  const foreign = (await stores.grants.read(env, 'gra_0'))!
  await stores.grants.create(grantOf('gra_1', { access: foreign.access, refresh: null }), along)
  await beginDataKeyRotation(deps, vaults[0], env, 'system')
  for (let n = 0; n < 3; n++) {
    await walk()
    pass(hour)
  }
  const { state, older, done, total } = await status()
  assert.deepEqual([state, older, done, total], ['resealing', [1], 4, 5])
  assert.equal((await stores.grants.read(env, 'gra_1'))!.access, foreign.access)
  assert.ok(deps.log.lines.some(({ event }) => event === 'vault.cannot_open'))
})

test('T52, I33: killed before and after every single step, a rotation goes on, and every secret opens at any time', async () => {
  let steps = 0
  for (const moment of ['before', 'after'] as const)
    for (let at = 1, over = false; !over; at++) {
      const { deps, vaults, openAll, status, walk, pass } = await world(60)
      const { dataKeys, sealedTexts } = deps
      const mortal = mortalPorts({ dataKeys, sealedTexts }, (call) => (call === at ? moment : null))
      const rotate = async () => {
        const process = { ...deps, ...mortal.ports }
        await beginDataKeyRotation(process, openVault(process), env, 'system')
        for (let n = 0; n < 3; n++) {
          await runDataKeyRotation(process, openVault(process), env)
          pass(90 * minute)
        }
      }
      await rotate().catch((error) => assert.equal(error.message, 'killed'))
      over = !mortal.died()
      await openAll(vaults[0])
      await openAll(openVault(deps))
      // Another process goes on, and whoever asked asks again.
      await beginDataKeyRotation(deps, vaults[0], env, 'system')
      for (let n = 0; n < 3; n++) {
        await walk()
        await openAll(openVault(deps))
        pass(90 * minute)
      }
      const { older, state, done, total } = await status()
      assert.deepEqual([older, state, done, total], [[], 'settled', 122, 122], `${moment} step ${at}`)
      steps++
    }
  assert.ok(steps > 20, `${steps} steps only`)
})
