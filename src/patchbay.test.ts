import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'

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
