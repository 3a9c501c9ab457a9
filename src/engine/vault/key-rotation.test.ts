import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { Fault, hour, isFault, minute } from '@patchbay/kit'
import { AlongLog } from '../../drivers/along/memory.ts'
import { openMemoryDataKeys } from '../../drivers/data-keys/memory.ts'
import { openMemoryJournal } from '../../drivers/journal/memory.ts'
import { openFileKeys } from '../../drivers/keys/file.ts'
import { openFixedKeys } from '../../drivers/keys/fixed.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { systemRandom } from '../../drivers/random/system.ts'
import type { Keys } from '../../ports/keys.ts'
import { beginKeyRotation, readKeyStatus, runKeyRotation } from './rotate-key.ts'
import { mortalPorts } from './test-mortal.ts'
import { openVault } from './vault.ts'

const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'patchbay-rotation-'))
  folders.push(made)
  return made
}
const folders: string[] = []
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true })
})

const place = { row: 'r', field: 'f', generation: 0 }
const environments = Array.from({ length: 12 }, (_, n) => `env_${n}`)

/** Environments with a secret each, whose data keys are wrapped by a key in a file. */
async function world(options: { keys?: Keys; count?: number } = {}) {
  const own = environments.slice(0, options.count)
  let now = 0
  const clock = { now: () => now, sleep: async () => {} }
  const traces = new AlongLog()
  const path = join(folder(), 'encryption.key')
  const base = { log: openCapturedLog(), random: systemRandom, clock }
  const stores = { dataKeys: openMemoryDataKeys({ log: traces }), journal: openMemoryJournal(traces) }
  const open = (keys: Keys) => ({ ...base, ...stores, keys })
  const deps = open(options.keys ?? openFileKeys({ path, make: true }))
  const vault = openVault(deps)
  await vault.start()
  const sealed = new Map<string, string>()
  for (const environmentId of own)
    sealed.set(environmentId, await vault.seal(environmentId, place, `secret of ${environmentId}`))
  /** Every secret in plain, by a process that starts now. */
  const openAll = async (keys: Keys = deps.keys) => {
    const fresh = openVault(open(keys))
    await fresh.start()
    for (const [environmentId, text] of sealed)
      assert.equal(
        await fresh.open(environmentId, place, text, (secret) => secret.reveal()),
        `secret of ${environmentId}`,
      )
  }
  const status = () => readKeyStatus(deps)
  return { deps, open, path, vault, traces, sealed, openAll, status, pass: (ms: number) => (now += ms) }
}

const isVaultFault = (error: unknown) => isFault(error, 'platform.vault')

test('a new key wraps everything anew, and the old one is destroyed; nothing that is sealed changes', async () => {
  const { deps, path, traces, openAll, status } = await world()
  const before = await status()
  assert.deepEqual([before.state, before.done, before.total], ['settled', 12, 12])
  await beginKeyRotation(deps, 'env_0', 'user:u')
  const begun = await status()
  assert.notEqual(begun.id, before.id)
  assert.deepEqual([begun.state, begun.done, begun.older], ['rewrapping', 0, [before.id]])
  await openAll()
  await runKeyRotation(deps)
  assert.deepEqual(await status(), { ...begun, state: 'settling', done: 12 })
  await openAll()
  await runKeyRotation(deps)
  assert.deepEqual(await status(), { ...begun, state: 'settled', done: 12, older: [] })
  assert.deepEqual(readdirSync(join(path, '..')), ['encryption.key.2'])
  await openAll(openFileKeys({ path, make: false }))
  const noted = traces.audit.filter(({ action }) => action === 'key.rotated')
  assert.deepEqual(
    noted.map(({ actor, subject, detail }) => [actor, subject, detail]),
    [['user:u', begun.id, { before: before.id }]],
  )
})

test('T52: the old key opens nothing afterwards, for somebody who kept it and the whole database', async () => {
  const keys = openFixedKeys('old', 'new')
  const { deps, open, vault } = await world({ keys: openFixedKeys('old') })
  await vault.secretFor('sessions')
  await beginKeyRotation(open(keys), 'env_0', 'system')
  await runKeyRotation(open(keys))
  await assert.rejects(openVault(deps).start(), isVaultFault)
  const [old] = await openFixedKeys('old').ids()
  for (const environmentId of environments)
    for (const key of await deps.dataKeys.read(environmentId))
      await assert.rejects(
        deps.keys.unwrap(key.wrapped, JSON.stringify(['data key', environmentId, key.version]), old!),
        isVaultFault,
      )
  const { value, root } = (await deps.dataKeys.check())!
  await assert.rejects(deps.keys.unwrap(value, 'key check', old!), isVaultFault)
  await assert.rejects(deps.keys.unwrap(root!, 'root', old!), isVaultFault)
  await openVault(open(openFixedKeys('new'))).start()
})

test('a key that the operator sets is used from the rotation on, and not before: others may not know it yet', async () => {
  const { open, status, openAll } = await world({ keys: openFixedKeys('old') })
  const both = openFixedKeys('old', 'new')
  const restarted = openVault(open(both))
  await restarted.start()
  await restarted.seal('env_new', place, 'x')
  // A process that has not been started again opens it.
  const sealed = await restarted.seal('env_new', place, 'y')
  assert.equal(
    await openVault(open(openFixedKeys('old'))).open('env_new', place, sealed, (secret) => secret.reveal()),
    'y',
  )
  assert.equal((await readKeyStatus(open(both))).state, 'newer')
  await runKeyRotation(open(both))
  assert.equal((await status()).done, 13, 'it waits to be asked')
  await beginKeyRotation(open(both), 'env_0', 'system')
  await runKeyRotation(open(both))
  await openAll(both)
  assert.equal((await readKeyStatus(open(both))).state, 'settling')
  await openAll(openFixedKeys('new'))
  assert.equal((await readKeyStatus(open(openFixedKeys('new')))).state, 'settled')
  await assert.rejects(beginKeyRotation(open(both), 'env_0', 'system'), (error) => isFault(error, 'input.conflict'))
})

test('of several processes that need the root first one makes it, and it stays', async () => {
  const { deps, open } = await world()
  const { keyId, value } = (await deps.dataKeys.check())!
  const stores = open(deps.keys)
  const dataKeys = openMemoryDataKeys()
  await dataKeys.setCheck({ keyId, value, root: null })
  const vaults = [1, 2, 3].map(() => openVault({ ...stores, dataKeys }))
  await Promise.all(vaults.map((vault) => vault.start()))
  const made = await Promise.all(vaults.map((vault) => vault.secretFor('sessions')))
  assert.equal(new Set(made).size, 1)
  assert.equal(await vaults[0]!.secretFor('sessions'), made[0])
})

test('people stay signed in: what is made from the root outlives the key', async () => {
  const { deps, open, path } = await world()
  const vault = openVault(deps)
  const before = await vault.secretFor('sessions')
  assert.match(before, /^[\w-]{43}$/)
  assert.notEqual(await vault.secretFor('other'), before)
  await beginKeyRotation(deps, 'env_0', 'system')
  await runKeyRotation(deps)
  await runKeyRotation(deps)
  assert.equal(await openVault(open(openFileKeys({ path, make: false }))).secretFor('sessions'), before)
  assert.notEqual(await openVault((await world()).deps).secretFor('sessions'), before)
})

test('T52, I33: killed before and after every single step, it goes on, and every secret opens at any time', async () => {
  let steps = 0
  for (const moment of ['before', 'after'] as const)
    for (let at = 1, over = false; !over; at++) {
      const { deps, open, path, openAll, status } = await world({ count: 3 })
      const keys = openFileKeys({ path, make: false })
      const mortal = mortalPorts({ keys, dataKeys: deps.dataKeys }, (call) => (call === at ? moment : null))
      const rotate = async () => {
        const process = { ...deps, ...mortal.ports }
        await beginKeyRotation(process, 'env_0', 'system')
        await runKeyRotation(process)
        await runKeyRotation(process)
      }
      await rotate().catch((error) => assert.equal(error.message, 'killed'))
      over = !mortal.died()
      await openAll()
      const other = open(openFileKeys({ path, make: true }))
      await beginKeyRotation(other, 'env_0', 'system')
      for (let n = 0; n < 3; n++) {
        await runKeyRotation(other)
        await openAll()
      }
      const { state, done, total } = await status()
      assert.deepEqual([state, done, total], ['settled', 3, 3], `${moment} step ${at}`)
      assert.equal(readdirSync(join(path, '..')).length, 1)
      steps++
    }
  assert.ok(steps > 40, `${steps} steps only`)
})

test('new environments come in the middle of it and lose nothing', async () => {
  const { deps, open, path } = await world()
  const vaults = [deps, open(openFileKeys({ path, make: false }))].map((one) => openVault(one))
  const sealed: [string, string][] = []
  const newcomers = async () => {
    for (let n = 0; n < 40; n++) {
      const environmentId = `env_new_${n}`
      sealed.push([environmentId, await vaults[n % 2]!.seal(environmentId, place, environmentId)])
    }
  }
  const rotations = async () => {
    for (let n = 0; n < 4; n++) {
      await beginKeyRotation(deps, 'env_0', 'system')
      for (let run = 0; run < 3; run++) await runKeyRotation(deps)
    }
  }
  await Promise.all([newcomers(), rotations()])
  await runKeyRotation(deps)
  const fresh = openVault(open(openFileKeys({ path, make: false })))
  for (const [environmentId, text] of sealed)
    assert.equal(await fresh.open(environmentId, place, text, (secret) => secret.reveal()), environmentId)
})

test('T53: with the key service away for ten minutes, running environments work, new ones are told why, and it passes by itself', async () => {
  let away = false
  const fixed = openFixedKeys('old')
  const answers = <T>(work: () => Promise<T>) => (away ? Promise.reject(new Fault('platform.keys')) : work())
  const keys: Keys = {
    ids: () => answers(() => fixed.ids()),
    wrap: (...asked) => answers(() => fixed.wrap(...asked)),
    unwrap: (...asked) => answers(() => fixed.unwrap(...asked)),
  }
  const { deps, vault, sealed, status, pass } = await world({ keys })
  away = true
  for (let minutes = 0; minutes < 50; minutes += 5) {
    for (const [environmentId, text] of sealed)
      assert.ok(await vault.open(environmentId, place, text, (secret) => secret.reveal()))
    await vault.seal('env_0', place, 'still sealed')
    await assert.rejects(vault.seal('env_new', place, 'x'), (error) => isFault(error, 'platform.keys'))
    pass(5 * minute)
  }
  assert.equal((await status()).state, 'unreachable')
  await assert.rejects(beginKeyRotation(deps, 'env_0', 'system'), (error) => isFault(error, 'platform.keys'))
  pass(hour)
  await assert.rejects(vault.seal('env_0', place, 'x'), (error) => isFault(error, 'platform.keys'))
  away = false
  for (const [environmentId, text] of sealed)
    assert.ok(await vault.open(environmentId, place, text, (secret) => secret.reveal()))
  await vault.seal('env_new', place, 'x')
})
