import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@patchbay/kit'
import { openEnvironmentKeys } from './environment.ts'
import { openFileKeys } from './file.ts'
import { openFixedKeys } from './fixed.ts'

const is = (code: 'platform.vault' | 'setup.configuration') => (error: unknown) => isFault(error, code)
const dataKey = new Uint8Array(32).fill(7)

test('what was wrapped opens with the same key and context, and with nothing else', async () => {
  const keys = openFixedKeys()
  const wrapped = await keys.wrap(dataKey, 'here')
  assert.deepEqual(new Uint8Array(await keys.unwrap(wrapped, 'here')), dataKey)
  await assert.rejects(keys.unwrap(wrapped, 'there'), is('platform.vault'))
  await assert.rejects(openFixedKeys('another').unwrap(wrapped, 'here'), is('platform.vault'))
  for (const cut of [0, 1, 12, 27, wrapped.length - 1])
    await assert.rejects(keys.unwrap(wrapped.subarray(0, cut), 'here'), is('platform.vault'))
})

test('the same bytes are the same key, as hex or base64', () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, n) => n * 8))
  const id = (value: string) => openEnvironmentKeys({ value, name: 'PATCHBAY_ENCRYPTION_KEY' }).id
  const ids = [
    bytes.toString('hex'),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    ` ${bytes.toString('hex')}\n`,
  ]
  assert.equal(new Set(ids.map(id)).size, 1)
  assert.notEqual(id('00'.repeat(32)), id(bytes.toString('hex')))
})

test('what is not 32 bytes is refused by its name and never shown', () => {
  for (const value of [
    '',
    'secret',
    'ab'.repeat(31),
    'ab'.repeat(33),
    'x'.repeat(64),
    Buffer.alloc(31).toString('base64'),
  ])
    assert.throws(
      () => openEnvironmentKeys({ value, name: 'THE_NAME' }),
      (error) => is('setup.configuration')(error) && /THE_NAME/.test(String(error)) && !/secret/.test(String(error)),
    )
})

test('the first start makes a key that only its owner reads, and the next start finds it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-keys-'))
  try {
    const path = join(folder, 'secrets', 'encryption-key')
    assert.throws(() => openFileKeys({ path, make: false }), is('setup.configuration'))
    const { id } = openFileKeys({ path, make: true })
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.equal(openFileKeys({ path, make: true }).id, id)
    assert.equal(openFileKeys({ path, make: false }).id, id)
    assert.equal(openEnvironmentKeys({ value: readFileSync(path, 'utf8'), name: 'it' }).id, id)
    assert.deepEqual(readdirSync(join(folder, 'secrets')), ['encryption-key'])
    if (process.platform !== 'win32') {
      chmodSync(path, 0o644)
      assert.throws(() => openFileKeys({ path, make: true }), is('setup.configuration'))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
