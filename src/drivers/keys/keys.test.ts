import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@patchbay/kit'
import { keysContract } from '../../ports/keys.contract.ts'
import { openEnvironmentKeys } from './environment.ts'
import { openFileKeys } from './file.ts'
import { openFixedKeys } from './fixed.ts'
import { joinKeys } from './join-keys.ts'

const is = (code: 'platform.vault' | 'setup.configuration') => (error: unknown) => isFault(error, code)
const hex = (byte: string) => byte.repeat(32)
const name = 'PATCHBAY_ENCRYPTION_KEY'

keysContract('in the environment', async () => ({
  keys: openEnvironmentKeys({ value: hex('aa'), name }),
  foreign: openEnvironmentKeys({ value: hex('ff'), name }),
  rotate: async () => openEnvironmentKeys({ value: hex('bb'), old: [hex('aa')], name }),
  forget: async () => openEnvironmentKeys({ value: hex('bb'), name }),
  close: async () => {},
}))

keysContract('in files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-keys-'))
  const path = join(folder, 'encryption.key')
  const keys = openFileKeys({ path, make: true })
  const other = openFileKeys({ path, make: false })
  return {
    keys,
    foreign: openFileKeys({ path: join(folder, 'other', 'encryption.key'), make: true }),
    // Another process makes it, and this one knows.
    async rotate() {
      await other.make!()
      return keys
    },
    async forget(older) {
      for (const id of older) await other.destroy!(id)
      return keys
    },
    close: async () => rmSync(folder, { recursive: true }),
  }
})

keysContract('of two kinds', async () => {
  const [first, second] = [openFixedKeys('one'), openFixedKeys('two')]
  return {
    keys: first,
    foreign: openFixedKeys('three'),
    rotate: async () => joinKeys(first, second),
    forget: async () => second,
    close: async () => {},
  }
})

test('the same bytes are the same key, as hex or base64', async () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, n) => n * 8))
  const id = async (value: string) => (await openEnvironmentKeys({ value, name }).ids())[0]
  const ids = await Promise.all(
    [bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url'), ` ${bytes.toString('hex')}\n`].map(
      id,
    ),
  )
  assert.equal(new Set(ids).size, 1)
  assert.notEqual(await id(hex('00')), ids[0])
})

test('what is not 32 bytes is refused by its name and never shown', () => {
  for (const value of [
    '',
    'secret',
    'ab'.repeat(31),
    'ab'.repeat(33),
    'x'.repeat(64),
    Buffer.alloc(31).toString('base64'),
  ]) {
    const refused = (error: unknown) =>
      is('setup.configuration')(error) && /THE_NAME/.test(String(error)) && !/secret/.test(String(error))
    assert.throws(() => openEnvironmentKeys({ value, name: 'THE_NAME' }), refused)
    assert.throws(() => openEnvironmentKeys({ value: hex('aa'), old: [value], name: 'THE_NAME' }), refused)
  }
})

test('the first start makes a key that only its owner reads, and the next start finds it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-keys-'))
  try {
    const path = join(folder, 'secrets', 'encryption.key')
    assert.throws(() => openFileKeys({ path, make: false }), is('setup.configuration'))
    const ids = await openFileKeys({ path, make: true }).ids()
    assert.equal(ids.length, 1)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(await openFileKeys({ path, make: true }).ids(), ids)
    assert.deepEqual(await openFileKeys({ path, make: false }).ids(), ids)
    assert.deepEqual(await openEnvironmentKeys({ value: readFileSync(path, 'utf8'), name: 'it' }).ids(), ids)
    assert.deepEqual(readdirSync(join(folder, 'secrets')), ['encryption.key'])
    if (process.platform !== 'win32') {
      chmodSync(path, 0o644)
      assert.throws(() => openFileKeys({ path, make: true }), is('setup.configuration'))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('files: of two who make the next key at once one wins, and the oldest goes for good', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-keys-'))
  try {
    const path = join(folder, 'encryption.key')
    const [one, other] = [openFileKeys({ path, make: true }), openFileKeys({ path, make: true })]
    const [first] = await one.ids()
    const made = await Promise.all([one.make!(), other.make!()])
    assert.deepEqual(await one.ids(), await other.ids())
    assert.ok(made.includes((await one.ids()).at(-1)!))
    for (const file of readdirSync(folder)) assert.match(file, /^encryption\.key(\.[23])?$/)
    await one.destroy!(first!)
    assert.ok(!existsSync(path))
    assert.ok(!(await other.ids()).includes(first!))
    // After a restart as well, and no new first key appears.
    assert.deepEqual(await openFileKeys({ path, make: true }).ids(), await one.ids())
    for (const file of readdirSync(folder)) unlinkSync(join(folder, file))
    await assert.rejects(one.ids(), is('setup.configuration'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('where no key can be kept, it says what to set instead', () => {
  // A folder in a file can be made by nobody, root included.
  const folder = '/dev/null/patchbay'
  assert.throws(
    () => openFileKeys({ path: join(folder, 'encryption.key'), make: true }),
    (error: Error) => {
      assert.ok(isFault(error, 'setup.configuration'))
      assert.match(error.message, /No encryption key can be kept in \/dev\/null\/patchbay.*Set PATCHBAY_ENCRYPTION_KEY/)
      return true
    },
  )
})
