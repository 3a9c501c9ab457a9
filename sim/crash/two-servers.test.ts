import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPatchbay } from '@patchbay/sdk'
import * as catalog from '../../providers/index.ts'
import { openEmptyDatabase } from '../../src/drivers/database/test-database.ts'
import { openCluster } from './test-cluster.ts'
import { demoKey, openStage, passTime, query } from './test-processes.ts'
import { connected, lateStreams, wakeAll } from './work.ts'

const accounts = Object.keys(catalog).length
const empty = { options: ['--empty'] }

test('F89, F92: processes share a database: roles apart, one is told to stop, one is killed, and the others carry on', async () => {
  const database = await openEmptyDatabase()
  const stage = openStage()
  try {
    const { sandbox, start, ready } = await openCluster(stage, database.url)

    const first = await start('first', 'api,worker')
    const key = await stage.until('the key', first.process, async () => demoKey(first.dataDir))
    const viaFirst = openPatchbay({ url: first.url, key })
    await stage.until('the accounts', first.process, async () =>
      (await connected(viaFirst)).length === accounts ? true : null,
    )

    const [front, back] = await Promise.all([start('front', 'api', empty), start('back', 'worker', empty)])
    await Promise.all([ready(front), ready(back)])
    await sandbox.post('weather', { kind: 'delay', ms: 100, side: 'reply' })
    first.process.kill('SIGTERM')
    assert.equal(await first.process.ended, 0, 'told to stop in the middle of its first readings')

    // What the first gave back and what is asked for now is read by the worker, which has no API of its own.
    const client = openPatchbay({ url: front.url, key })
    const askedAt = await wakeAll(client)
    await stage.until('the worker apart', back.process, async () =>
      (await lateStreams(client, await connected(client), askedAt)).length === 0 ? true : null,
    )

    const other = await start('other', 'api,worker', empty)
    await ready(other)
    // A worker that stands still for a moment leaves the work to the other, who is killed in the middle of it.
    other.process.kill('SIGSTOP')
    const againAt = await wakeAll(client)
    await stage.until('the first worker', back.process, async () =>
      (await client.runs.list({ state: 'running' })).data.length > 3 ? true : null,
    )
    back.process.kill('SIGKILL')
    await back.process.ended
    other.process.kill('SIGCONT')

    // What the dead one held stays held; the one that lives reads the rest meanwhile.
    await stage.until('the rest', other.process, async () => {
      const before = await held()
      await sleep(500)
      return (await held()) === before ? true : null
    })
    await passTime(database.url)
    await stage.until('what the dead one held', other.process, async () =>
      (await lateStreams(client, await connected(client), againAt)).length === 0 ? true : null,
    )
    assert.ok((await client.runs.list({ state: 'abandoned' })).data.length > 0, 'nothing was taken over')

    assert.deepEqual((await client.runs.list({ state: 'running' })).data, [])
    assert.deepEqual((await client.connections.summary()).states, { healthy: accounts })
    const ledger = await sandbox.get<{ violations: unknown[] }>('ledger')
    assert.deepEqual(ledger.violations, [])
    other.process.kill('SIGTERM')
    front.process.kill('SIGTERM')
    assert.deepEqual([await other.process.ended, await front.process.ended], [0, 0])
  } finally {
    await stage.close()
    await database.drop()
  }

  async function held(): Promise<number> {
    const rows = await query<{ count: number }>(
      database.url,
      'set role patchbay_system; select count(*)::int as count from schedule where claim is not null',
    )
    return rows[0]!.count
  }
})
