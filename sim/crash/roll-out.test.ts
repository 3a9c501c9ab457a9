import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { second } from '@patchbay/kit'
import { type Client, openPatchbay } from '@patchbay/sdk'
import * as catalog from '../../providers/index.ts'
import { systemClock } from '../../src/drivers/clock/system.ts'
import { readStanding } from '../../src/drivers/database/migrate.ts'
import { openEmptyDatabase } from '../../src/drivers/database/test-database.ts'
import { openCluster } from './test-cluster.ts'
import { layOutNextVersion } from './test-next-version.ts'
import { demoKey, isReady, openStage, query, type Running, readLog, type SandboxProcess } from './test-processes.ts'
import { connected, lateStreams, wakeAll } from './work.ts'

const accounts = Object.keys(catalog).length
const empty = { options: ['--empty'] }
/** Less than half of what the deployment gives a process between being told to stop and being killed. */
const stopWithinMs = 50 * second

const adds = {
  '0998-next': `
    create table of_the_next_version (id text primary key);
    alter table connection add column of_the_next_version text;
    alter table schedule add column of_the_next_version text`,
}
const takesAway = {
  '0999-gone': '-- Needs servers from 0998 on: those before wrote there.\ndrop table of_the_next_version',
}

test('F86, F92, F97: roles apart, rolled to the next version one process at a time: nothing asked for is lost, and who cannot go on says so', async () => {
  const database = await openEmptyDatabase()
  const stage = openStage()
  try {
    const { sandbox, env, start, ready } = await openCluster(stage, database.url)
    const next = layOutNextVersion(join(stage.folder, 'next'), adds)
    const afterNext = layOutNextVersion(join(stage.folder, 'after-next'), { ...adds, ...takesAway })
    const ask = (name: string, command: string[], program?: string) =>
      stage.start(name, command, { ...env, PATCHBAY_DATA_DIR: join(stage.folder, name) }, program)

    // An API alone connects accounts, and reads nothing of them.
    const api = await start('api', 'api')
    const key = await stage.until('the key', api.process, async () => demoKey(api.dataDir))
    const viaOld = openPatchbay({ url: api.url, key })
    await stage.until('the accounts', api.process, async () =>
      (await connected(viaOld)).length === accounts ? true : null,
    )
    const connections = await connected(viaOld)
    assert.deepEqual((await viaOld.runs.list()).data, [])
    const worker = await start('worker', 'worker', empty)
    await stage.until('the first numbers', worker.process, async () =>
      (await viaOld.connections.summary()).states.healthy === accounts ? true : null,
    )
    // What somebody waits for at the API is read by the worker, while they wait.
    await stage.until('fresh numbers', worker.process, async () =>
      (await viaOld.connections.refresh({ id: connections[0]!.id })).done ? true : null,
    )

    const check = ask('check', ['upgrade', '--check'], next)
    assert.equal(await check.ended, 0)
    assert.match(readFileSync(check.logFile, 'utf8'), /would run {2}0998-next\nThey only add:/)
    assert.deepEqual((await readStanding({ connection: database.url })).ahead, [])

    // The next version's API brings the database along. What the old one was asked for before it was told to stop is answered.
    const nextApi = await start('next-api', 'api', { ...empty, program: next })
    await ready(nextApi)
    assert.deepEqual((await readStanding({ connection: database.url })).ahead, ['0998-next'])
    await slowDown(sandbox)
    const asked = viaOld.connections.validate({ id: connections[0]!.id })
    await stage.until('the request', api.process, async () => ((await fired(sandbox)) > 0 ? true : null))
    await endsInTime(api.process)
    assert.equal((await asked).state, 'healthy')
    await assert.rejects(isReady(api.url))
    await sandbox.delete('weather')

    // The old worker reads from and writes to the newer database.
    const client = openPatchbay({ url: nextApi.url, key })
    const askedAt = await wakeAll(client)
    await stage.until('the old worker', worker.process, async () =>
      (await lateStreams(client, connections, askedAt)).length === 0 ? true : null,
    )

    // Told to stop in the middle of readings it ends them, begins no others and holds nothing.
    await slowDown(sandbox)
    await wakeAll(client)
    await stage.until('readings', worker.process, async () => ((await running(client)) > 0 ? true : null))
    const ended = endsInTime(worker.process)
    await stage.until('its word', worker.process, async () =>
      (await fetch(`${worker.url}/ready`)).status === 503 ? true : null,
    )
    const stoppingAt = await wakeAll(client)
    assert.ok(worker.process.isRunning(), 'it ended before anything could be asked of it')
    await ended
    assert.equal(await running(client), 0)
    assert.deepEqual(await begunSince(stoppingAt), [])
    assert.deepEqual(await held(), [])
    await sandbox.delete('weather')
    const nextWorker = await start('next-worker', 'worker', { ...empty, program: next })
    await stage.until('the next worker', nextWorker.process, async () =>
      (await lateStreams(client, connections, stoppingAt)).length === 0 ? true : null,
    )

    // Rolled back: the old version goes on beside the new one, and says who has to replace it.
    const back = await start('back', 'worker', empty)
    await ready(back)
    const said = readLog(back.process.logFile).find(({ event }) => event === 'database.ahead')
    assert.match(String(said?.['says']), /brought this database to 0998-next.*It goes on.*Whoever deploys/)
    await endsInTime(back.process)

    // The version after that takes away what only the first one needs.
    assert.equal(await ask('upgrade', ['upgrade'], afterNext).ended, 0)
    const refused = await start('refused', 'worker', empty)
    await stage.until('its refusal', refused.process, async () => (refused.process.isRunning() ? null : true))
    assert.equal(await refused.process.ended, 1)
    assert.match(
      readFileSync(refused.process.logFile, 'utf8'),
      /0999-gone works with servers from 0998 on.*Whoever deploys/,
    )
    const still = await start('still', 'worker', { ...empty, program: next })
    await ready(still)

    assert.deepEqual((await client.connections.summary()).states, { healthy: accounts })
    assert.deepEqual((await sandbox.get<{ violations: unknown[] }>('ledger')).violations, [])

    // Nor does it wait for ever for a platform that does not answer.
    await sandbox.post('weather', { kind: 'delay', ms: 300_000, side: 'reply' })
    const unanswered = assert.rejects(client.connections.validate({ id: connections[0]!.id }))
    await stage.until('the request', nextApi.process, async () => ((await fired(sandbox)) > 0 ? true : null))
    await Promise.all([nextApi, nextWorker, still].map(({ process }) => endsInTime(process)))
    await unanswered
  } finally {
    await stage.close()
    await database.drop()
  }

  async function held() {
    return query(
      database.url,
      'set role patchbay_system; select connection_id, stream from schedule where claim is not null',
    )
  }

  async function begunSince(at: number) {
    const since = new Date(at).toISOString()
    return query(
      database.url,
      `set role patchbay_tenant; set app.environment = 'env_test'; select id, stream, started_at from run where started_at > '${since}'`,
    )
  }
})

/** Every answer takes longer than a start of anything. */
async function slowDown(sandbox: SandboxProcess): Promise<void> {
  await sandbox.post('weather', { kind: 'delay', ms: 4_000, side: 'reply' })
}

async function fired(sandbox: SandboxProcess): Promise<number> {
  const { data } = await sandbox.get<{ data: { fired: number }[] }>('weather')
  return data.reduce((sum, rule) => sum + rule.fired, 0)
}

async function running(client: Client): Promise<number> {
  return (await client.runs.list({ state: 'running' })).data.length
}

/** Gives up where it does not end at all. */
async function endsInTime(process: Running): Promise<void> {
  const patience = new AbortController()
  process.kill('SIGTERM')
  const late = systemClock.sleep(stopWithinMs, patience.signal).then(
    () => 'too late',
    () => 'in time',
  )
  assert.equal(await Promise.race([process.ended, late]), 0)
  patience.abort()
}
