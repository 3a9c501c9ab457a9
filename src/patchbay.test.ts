import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openTestDatabase } from './drivers/database/test-database.ts'

test('T54: no signal opens a debugger in the process that the command becomes', {
  skip: process.platform === 'win32',
}, async () => {
  const command = [join(import.meta.dirname, 'patchbay.mjs'), 'sandbox', '--port', '0', '--artists', '4']
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    let says = ''
    child.stderr.on('data', (data) => (says += data))
    const [first] = await once(child.stdout, 'data')
    assert.match(String(first), /sandbox/)
    child.kill('SIGUSR1')
    // It goes on, and ends when it is told to; a debugger would have said where it listens by then.
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    assert.equal(code, 0, says)
    assert.doesNotMatch(says, /Debugger|inspector/i)
  } finally {
    child.kill('SIGKILL')
  }
})

test('an address of a server that is none is said to be none, before it is asked', () => {
  for (const url of ['localhost:4400', 'http://']) {
    const command = [join(import.meta.dirname, 'patchbay.mjs'), 'connections', '--url', url, '--key', 'pb_test_x']
    const { status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' })
    assert.equal(status, 2, stderr)
    assert.match(stderr, /is no address of a server\. Write it as http:/)
  }
})

/** Breaks the process from within when it is told to, with an error that carries what no log may have. */
const breaking = {
  'a rejection that nobody handles': 'Promise.reject(error)',
  'an exception that nobody catches': 'setTimeout(() => { throw error })',
}
for (const [what, broken] of Object.entries(breaking))
  test(`F98: ${what} ends the process with 1 and one line, in which no secret is`, {
    skip: process.platform === 'win32',
  }, async () => {
    const secret = 'c4'.repeat(32)
    const folder = mkdtempSync(join(tmpdir(), 'patchbay-broken-'))
    const database = await openTestDatabase()
    writeFileSync(
      join(folder, 'break.mjs'),
      `process.on('SIGUSR2', () => {
        const error = new Error('refused: Bearer ${secret}')
        error.config = { headers: { authorization: 'Bearer ${secret}' } }
        ${broken}
      })`,
    )
    const command = [
      '--import',
      join(folder, 'break.mjs'),
      join(import.meta.dirname, 'patchbay.mjs'),
      'start',
      '--empty',
    ]
    const child = spawn(process.execPath, command, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...{ PORT: '0', PATCHBAY_SANDBOX_PORT: '0', DATABASE_URL: database.url, PATCHBAY_DATA_DIR: folder },
        ...{ PATCHBAY_ENCRYPTION_KEY: secret, PATCHBAY_LOG: 'warn' },
      },
    })
    try {
      let says = ''
      child.stderr.on('data', (data) => (says += data))
      await once(child.stdout, 'data')
      const ended = once(child, 'close')
      child.kill('SIGUSR2')
      const [code] = await ended
      assert.equal(code, 1, says)
      const lines = says.trim().split('\n')
      const last = JSON.parse(lines.at(-1)!)
      assert.deepEqual([last.event, last.error.name], ['process.broken', 'Error'], says)
      assert.match(last.error.message, /^refused: Bearer /)
      assert.ok(!says.includes(secret), says)
    } finally {
      child.kill('SIGKILL')
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    }
  })
