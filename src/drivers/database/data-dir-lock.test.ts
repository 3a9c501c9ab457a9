import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockDataDir } from './data-dir-lock.ts'
import { processIdentity, processNamespace } from './process-identity.ts'

const here = { namespace: processNamespace(), host: 'here' }
const me = { pid: process.pid, identity: processIdentity(process.pid), ...here }

test('an empty directory is taken, and left as it was', () => check(null, 'taken'))
test('F85: a living process keeps it', () => check(me, `process ${process.pid}`))
test('a process that ended loses it', () => check({ ...me, pid: 2 ** 22 + 1 }, 'taken'))
test('F85: a number that now belongs to another process is no holder', () =>
  check({ ...me, identity: 'an earlier start' }, 'taken'))
test('F85: a lock from before the machine restarted is stale', () =>
  check({ ...me, identity: 'another-boot 1' }, 'taken'))
test('F85: an unreadable lock is stale', () => check('half a lo', 'taken'))
test('a container that still touches it keeps it', () =>
  check({ ...me, namespace: 'other', host: 'box' }, 'on box', { touched: true }))
test('a container that no longer touches it loses it', () => check({ ...me, namespace: 'other' }, 'taken'))

test('F85: of several that find a stale lock one gets it', async (t) => {
  const dataDir = temporary(t)
  writeFileSync(join(dataDir, 'patchbay.lock'), JSON.stringify({ ...me, identity: 'an earlier start' }))
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataDir(dataDir)))
  const winners = results.filter(({ status }) => status === 'fulfilled')
  assert.equal(winners.length, 1)
  for (const winner of winners) if (winner.status === 'fulfilled') winner.value.release()
})

async function check(found: object | string | null, expected: string, { touched = false } = {}) {
  const dataDir = temporary({ after: (clean) => cleanUps.push(clean) })
  const path = join(dataDir, 'patchbay.lock')
  if (found) writeFileSync(path, typeof found === 'string' ? found : JSON.stringify(found))
  const touching = touched ? setInterval(() => utimesSync(path, new Date(), new Date()), 5) : undefined
  try {
    const result = await lockDataDir(dataDir, { heartbeatMs: 30 }).catch((error: Error) => error)
    if (result instanceof Error) {
      assert.match(result.message, /Another Patchbay .*Stop the other one/s)
      assert.ok(result.message.includes(expected), result.message)
    } else {
      assert.equal(expected, 'taken')
      result.release()
      assert.deepEqual(readdirSync(dataDir), [])
    }
  } finally {
    clearInterval(touching)
    for (const clean of cleanUps.splice(0)) clean()
  }
}

const cleanUps: (() => void)[] = []

function temporary(t: { after(clean: () => void): void }): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'patchbay-lock-'))
  t.after(() => rmSync(dataDir, { recursive: true, force: true }))
  return dataDir
}
