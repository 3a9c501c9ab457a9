import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { hour, isFault, minute } from '@patchbay/kit'
import fc from 'fast-check'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryDataKeys } from '../../drivers/data-keys/memory.ts'
import { openFixedKeys } from '../../drivers/keys/fixed.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { systemRandom } from '../../drivers/random/system.ts'
import type { Keys } from '../../ports/keys.ts'
import { type Binding, type OpenDataKey, openDataKey, openText, sealText } from './sealed-text.ts'
import type { Secret } from './secret.ts'
import { openVault } from './vault.ts'

const place: Binding = { row: 'gra_1', field: 'access', generation: 3 }
const reveal = (secret: Secret) => secret.reveal()
const cannotOpen = (error: unknown) => isFault(error, 'platform.vault')

function world(change: { keys?: Keys; dataKeys?: ReturnType<typeof openMemoryDataKeys> } = {}) {
  const clock = new SimulatedClock(0)
  const log = openCapturedLog()
  const deps = { keys: openFixedKeys(), dataKeys: openMemoryDataKeys(), random: systemRandom, clock, log, ...change }
  return { ...deps, vault: openVault(deps), pass: (ms: number) => clock.run(() => clock.sleep(ms)) }
}

test('any text comes back at its own place', async () => {
  const { vault } = world()
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 300 }), async (text) => {
      const sealed = await vault.seal('env_a', place, text)
      assert.ok(text.length < 8 || !sealed.includes(text))
      assert.equal(await vault.open('env_a', place, sealed, reveal), Buffer.from(text).toString())
    }),
    { numRuns: 100 },
  )
})

test('T49: a row, field, environment or generation cannot be swapped for another', async () => {
  const { vault, log } = world()
  const sealed = await vault.seal('env_a', place, 'token')
  await vault.seal('env_b', place, 'another')
  // What the vault remembers of a moment ago is for that place only, too.
  assert.equal(await vault.open('env_a', place, sealed, reveal), 'token')
  const elsewhere: [string, Binding][] = [
    ['env_b', place],
    ['env_a', { ...place, row: 'gra_2' }],
    ['env_a', { ...place, field: 'refresh' }],
    ['env_a', { ...place, generation: 2 }],
    ['env_a', { ...place, generation: 4 }],
    ['env_a', { row: 'gra_1","access', field: '3', generation: 3 }],
  ]
  for (const [environmentId, binding] of elsewhere)
    await assert.rejects(vault.open(environmentId, binding, sealed, reveal), cannotOpen)
  assert.equal(log.lines.filter(({ level }) => level === 'error').length, elsewhere.length)
  assert.ok(!log.text().includes('token'))
})

test('T51: a changed, cut or longer text does not open', async () => {
  const { vault } = world()
  const sealed = await vault.seal('env_a', place, 'a token of some length')
  const broken = new Set(['', 'token', 'pb1.1..', sealed.slice(0, -1), `${sealed}A`, sealed.replace('pb1', 'pb2')])
  for (const cut of [4, 8, 12, 15, 16]) {
    // A tag of 4 bytes would be guessed in a day.
    const [schema, version, nonce, text] = sealed.split('.') as [string, string, string, string]
    const bytes = Buffer.from(text, 'base64url')
    broken.add([schema, version, nonce, bytes.subarray(0, bytes.length - cut).toString('base64url')].join('.'))
  }
  for (let at = 0; at < sealed.length; at++)
    broken.add(sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1))
  broken.delete(sealed)
  for (const text of broken) await assert.rejects(vault.open('env_a', place, text, reveal), cannotOpen, text)
})

test('a text opens with the key that sealed it and no other, also when another is made to fit', async () => {
  const nonce = new Uint8Array(12).fill(3)
  const [one, other] = [1, 2].map((byte) => openDataKey(1, new Uint8Array(32).fill(byte))) as [OpenDataKey, OpenDataKey]
  const sealed = sealText(other, 'env_a', place, nonce, 'token')
  assert.equal(openText(other, 'env_a', place, sealed).toString(), 'token')
  assert.throws(() => openText(one, 'env_a', place, sealed), /another key/)
  // AES-GCM itself would open this one: it says that it is the first key's, and the second one has sealed it.
  const [schema, version, nonceText, text] = sealed.split('.') as [string, string, string, string]
  const bytes = Buffer.from(text, 'base64url')
  one.commitment.copy(bytes)
  const forged = [schema, version, nonceText, bytes.toString('base64url')].join('.')
  assert.throws(() => openText(other, 'env_a', place, forged), /another key/)
  assert.throws(() => openText(one, 'env_a', place, forged), /was changed/)
})

test('T51: the same text never looks the same twice', async () => {
  const { vault } = world()
  const sealed = await Promise.all(Array.from({ length: 500 }, () => vault.seal('env_a', place, 'token')))
  assert.equal(new Set(sealed.map((text) => text.split('.')[2])).size, 500)
})

test('T50: a wrong key is refused at the start, and nothing is changed', async () => {
  const { dataKeys, vault } = world()
  await vault.start()
  await vault.start()
  const before = await dataKeys.check()
  const wrong = world({ dataKeys, keys: openFixedKeys('another') })
  await assert.rejects(wrong.vault.start(), cannotOpen)
  // One that claims to be the right one is found out too.
  const [right] = await openFixedKeys().ids()
  const [another] = await openFixedKeys('another').ids()
  const liar: Keys = {
    ...openFixedKeys('another'),
    ids: async () => [right!],
    unwrap: (wrapped, context) => openFixedKeys('another').unwrap(wrapped, context, another!),
  }
  await assert.rejects(world({ dataKeys, keys: liar }).vault.start(), cannotOpen)
  assert.deepEqual(await dataKeys.check(), before)
})

test('of two first starts with different keys one is refused', async () => {
  const dataKeys = openMemoryDataKeys()
  const starts = ['one', 'other'].map((phrase) => world({ dataKeys, keys: openFixedKeys(phrase) }).vault.start())
  const outcomes = await Promise.allSettled(starts)
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

test('processes that meet a new environment at once share one data key', async () => {
  const dataKeys = openMemoryDataKeys()
  const vaults = Array.from({ length: 4 }, () => world({ dataKeys }).vault)
  const sealed = await Promise.all(vaults.map((vault, n) => vault.seal('env_new', place, `token ${n}`)))
  assert.equal((await dataKeys.read('env_new')).length, 1)
  for (const vault of vaults)
    for (const [n, text] of sealed.entries())
      assert.equal(await vault.open('env_new', place, text, reveal), `token ${n}`)
})

test('a new data key seals at once here, soon elsewhere, and the older one still opens', async () => {
  const { dataKeys, vault } = world()
  const other = world({ dataKeys })
  const old = await vault.seal('env_a', place, 'old')
  assert.equal(await other.vault.open('env_a', place, old, reveal), 'old')
  await vault.addDataKey('env_a', 'system')
  const young = await vault.seal('env_a', place, 'young')
  assert.equal(young.split('.')[1], '2')
  assert.equal(await vault.open('env_a', place, old, reveal), 'old')
  assert.equal(await other.vault.open('env_a', place, young, reveal), 'young')
  assert.equal((await other.vault.seal('env_a', place, 'x')).split('.')[1], '2')
})

test('T53: while the key service is away, running environments work and new ones fail', async () => {
  let away = false
  const fixed = openFixedKeys()
  const answers = <T>(work: () => Promise<T>) => (away ? Promise.reject(new Error('no answer')) : work())
  const keys: Keys = {
    ...fixed,
    wrap: (...asked) => answers(() => fixed.wrap(...asked)),
    unwrap: (...asked) => answers(() => fixed.unwrap(...asked)),
  }
  const { vault, pass } = world({ keys })
  const sealed = await vault.seal('env_a', place, 'token')
  away = true
  await pass(50 * minute)
  assert.equal(await vault.open('env_a', place, sealed, reveal), 'token')
  await assert.rejects(vault.seal('env_new', place, 'x'), /no answer/)
  await pass(hour)
  await assert.rejects(vault.open('env_a', place, sealed, reveal), /no answer/)
  away = false
  assert.equal(await vault.open('env_a', place, sealed, reveal), 'token')
})

test('a secret shows itself to nobody, and to its callback only while that runs', async () => {
  const { vault } = world()
  const sealed = await vault.seal('env_a', place, 'pssst')
  let kept: Secret | undefined
  const shown = await vault.open('env_a', place, sealed, async (secret) => {
    kept = secret
    await Promise.resolve()
    assert.equal(secret.reveal(), 'pssst')
    const copy: unknown = structuredClone({ ...secret })
    return [`${secret}`, JSON.stringify({ secret }), inspect(secret), inspect({ deep: [secret] }), inspect(copy)]
  })
  assert.deepEqual(shown, ['[secret]', '{"secret":"[secret]"}', '[secret]', '{ deep: [ [secret] ] }', '{}'])
  assert.throws(() => kept!.reveal())
  await assert.rejects(
    vault.open('env_a', place, sealed, (secret) => {
      kept = secret
      throw new Error('stop')
    }),
    /stop/,
  )
  assert.throws(() => kept!.reveal())
})

test('who hides secrets in logs hears of each, also of those that are sealed together', async () => {
  const heard: string[] = []
  const deps = world()
  const registerSecret = (text: string) => void heard.push(text)
  const sealed = await openVault(deps, { registerSecret }).seal('env_a', place, '{"user":"nova","password":"pssst"}')
  assert.deepEqual(heard, ['nova', 'pssst'])
  const other = openVault(deps, { registerSecret })
  for (let n = 0; n < 3; n++) await other.open('env_a', place, sealed, reveal)
  assert.deepEqual(heard, ['nova', 'pssst', 'nova', 'pssst'])
})
