import assert from 'node:assert/strict'
import { test } from 'node:test'
import { minute } from '@patchbay/kit'
import type { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openPostgresConnections } from '../../drivers/connections/postgres.ts'
import { openTestDatabase } from '../../drivers/database/test-database.ts'
import { openPostgresDirectory } from '../../drivers/directory/postgres.ts'
import { openPostgresHistory } from '../../drivers/history/postgres.ts'
import { openPostgresJournal } from '../../drivers/journal/postgres.ts'
import { openPostgresRecords } from '../../drivers/records/postgres.ts'
import { openPostgresSchedule } from '../../drivers/schedule/postgres.ts'
import { openPostgresStreamNotes } from '../../drivers/stream-notes/postgres.ts'
import { openPlanner } from './planner.ts'
import { environmentId, openTestWorld } from './test-world.ts'

const videos = (account: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `${account}_${count - i}`, views: i }))

/** Time waits for the database, which the simulated clock does not see. */
function onClock<Port extends object>(
  clock: SimulatedClock,
  port: Port,
  dead: { value: boolean } = { value: false },
): Port {
  return new Proxy(port, {
    get(target, name) {
      const method = target[name as keyof Port]
      if (typeof method !== 'function') return method
      return (...args: unknown[]) =>
        dead.value ? new Promise(() => {}) : clock.outside(() => method.apply(target, args) as Promise<unknown>)
    },
  })
}

test('over PostgreSQL, two planners and a dead one read everything once and end as one undisturbed in memory', async () => {
  const { database, drop } = await openTestDatabase({ poolSize: 10 })
  const raw = {
    directory: openPostgresDirectory(database),
    connections: openPostgresConnections(database),
    records: openPostgresRecords(database),
    schedule: openPostgresSchedule(database),
    streamNotes: openPostgresStreamNotes(database),
    journal: openPostgresJournal(database),
    history: openPostgresHistory(database),
  }
  type Stores = typeof raw
  const wrap = (clock: SimulatedClock, dead?: { value: boolean }) =>
    Object.fromEntries(
      Object.entries(raw).map(([name, port]) => [name, onClock(clock, port, dead)]),
    ) as unknown as Stores
  const expected = await play(await openTestWorld(), 1)
  const world = await openTestWorld((clock) => wrap(clock))
  const dead = { value: false }
  const mortal = { ...world.deps, ...wrap(world.clock, dead) }
  const stored = await play(world, 2, { deps: mortal, dead })
  assert.deepEqual(stored, expected)
  await drop()

  async function play(
    world: Awaited<ReturnType<typeof openTestWorld>>,
    planners: number,
    doomed?: { deps: typeof world.deps; dead: { value: boolean } },
  ) {
    return world.clock.run(async () => {
      for (let i = 1; i <= 12; i++) {
        await world.connect(`con_${i}`, { streams: ['channel', 'videos', 'daily'] })
        world.platform.videos.set(`acc_${i}`, videos(`acc_${i}`, 5))
        world.platform.plays.set(`acc_${i}`, [3, 2, 1])
      }
      const stopping = new AbortController()
      if (doomed) {
        void openPlanner(doomed.deps, { concurrency: 6, reserved: 1 }).run(stopping.signal)
        await world.clock.sleep(300)
        doomed.dead.value = true
      }
      const ended = Array.from({ length: planners }, () =>
        openPlanner(world.deps, { concurrency: 6, reserved: 1 }).run(stopping.signal),
      )
      await world.clock.sleep(10 * minute)
      stopping.abort()
      await Promise.all(ended)
      const runs = await world.deps.journal.readRuns(environmentId, { limit: 1000, state: 'running' })
      const all = await world.deps.connections.list(environmentId, { limit: 100 })
      const slots = await world.deps.schedule.of(
        environmentId,
        all.map(({ id }) => id),
      )
      return {
        ...(await world.stored()),
        open: runs.length,
        held: slots.filter(({ claim }) => claim !== null).length,
        unread: slots.filter(({ syncedAt }) => syncedAt === null).length,
        states: all.map(({ state }) => state),
      }
    })
  }
})
