import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { outcomeOf, slotOf } from '../../ports/schedule.contract.ts'
import type { Lane, Schedule } from '../../ports/schedule.ts'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { openMemorySchedule } from './memory.ts'
import { openPostgresSchedule } from './postgres.ts'

let testDatabase: TestDatabase
before(async () => {
  testDatabase = await openTestDatabase()
})
after(() => testDatabase?.drop())

const start = Date.parse('2026-10-05T00:00:00Z')
const minute = 60_000
const connections = ['con_1', 'con_2', 'con_3']
const streams = ['channel', 'videos']
const claims = ['clm_1', 'clm_2', 'clm_3']
const keys = connections.flatMap((connectionId) => streams.map((stream) => ({ connectionId, stream })))

const lane = fc.constantFrom<Lane>('interactive', 'webhook', 'scheduled', 'backfill')
const offset = fc.integer({ min: -5, max: 30 })
const blocked = fc.constantFrom(null, null, 'paused')
const some = fc.subarray(keys)
const step = fc.oneof(
  fc.record({ do: fc.constant('put' as const), slots: some, offset, lane, blocked }),
  fc.record({
    do: fc.constant('claim' as const),
    claim: fc.constantFrom(...claims),
    limit: fc.integer({ min: 0, max: 4 }),
    upTo: lane,
    offset,
  }),
  fc.record({
    do: fc.constant('companions' as const),
    claim: fc.constantFrom(...claims),
    limit: fc.integer({ min: 0, max: 4 }),
    offset,
  }),
  fc.record({ do: fc.constant('extend' as const), claim: fc.constantFrom(...claims), slots: some, offset }),
  fc.record({
    ...{ do: fc.constant('release' as const), claim: fc.constantFrom(...claims) },
    ...{ slots: some, offset, lapsed: fc.boolean() },
  }),
  fc.record({
    do: fc.constant('finish' as const),
    claim: fc.constantFrom(...claims),
    slots: some,
    offset,
    blocked,
    fault: fc.constantFrom(null, 'provider.down', 'provider.throttled'),
    quota: fc.constantFrom(null, 'units', 'burst'),
  }),
  fc.record({
    do: fc.constant('wake' as const),
    connectionId: fc.constantFrom(...connections),
    streams: fc.option(fc.subarray(streams), { nil: undefined }),
    lane,
    offset,
  }),
  fc.record({
    do: fc.constant('block' as const),
    connectionId: fc.constantFrom(...connections),
    streams: fc.option(fc.subarray(streams), { nil: undefined }),
    blocked,
  }),
  fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 0, max: 20 }) }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** No two instants are the same, so that "the most overdue" is one slot. */
async function answersOf(schedule: Schedule, environmentId: string, steps: readonly Step[], startAt: number) {
  const answers: unknown[] = []
  let now = startAt
  let tick = 0
  const later = (minutes: number) => now + minutes * minute + ++tick
  for (const taken of steps) {
    if (taken.do === 'wait') now += taken.minutes * minute
    else answers.push(await take(taken))
  }
  const load = await schedule.load(environmentId, { now: now - minute, stepMs: 7 * minute, steps: 4 })
  return { answers, load, slots: await schedule.of(environmentId, connections), next: await schedule.nextDueAt() }

  async function take(taken: Exclude<Step, { do: 'wait' }>): Promise<unknown> {
    switch (taken.do) {
      case 'put': {
        const slots = taken.slots.map((key) =>
          slotOf({ ...key, dueAt: later(taken.offset), lane: taken.lane, blocked: taken.blocked }),
        )
        return schedule.put(environmentId, slots)
      }
      case 'claim':
        return spread(await schedule.claim({ ...taken, now, until: later(30) }), taken.claim)
      case 'companions': {
        const of = { environmentId, integrationId: 'int_1', stream: 'channel', claim: taken.claim, limit: taken.limit }
        return spread(
          await schedule.claimCompanions({ ...of, before: later(taken.offset), share: 0.5, now, until: later(30) }),
          taken.claim,
        )
      }
      case 'extend':
        return countEach(taken.slots, (slot) =>
          schedule.extend(environmentId, taken.claim, [slot], later(taken.offset)),
        )
      case 'release':
        return countEach(taken.slots, (slot) =>
          schedule.release(environmentId, taken.claim, [{ ...slot, lapsed: taken.lapsed }], later(taken.offset)),
        )
      case 'finish':
        return schedule.finish(
          environmentId,
          taken.claim,
          taken.slots.map((key) =>
            outcomeOf({
              ...key,
              dueAt: later(taken.offset),
              endedAt: now,
              blocked: taken.blocked,
              fault: taken.fault,
              quota: taken.quota,
              failures: tick,
            }),
          ),
        )
      case 'wake':
        return countEach(taken.streams ?? streams, (stream) =>
          schedule.wake(environmentId, taken.connectionId, {
            streams: [stream],
            lane: taken.lane,
            at: later(taken.offset),
          }),
        )
      case 'block':
        return schedule.block(environmentId, taken.connectionId, taken)
    }
  }

  /** One claim sets one end for all; here each gets its own. */
  async function spread(slots: Awaited<ReturnType<Schedule['claim']>>, claim: string) {
    for (const slot of slots) await schedule.extend(environmentId, claim, [slot], later(30))
    return slots
  }

  async function countEach<T>(list: readonly T[], work: (one: T) => Promise<number>) {
    const counts: number[] = []
    for (const one of list) counts.push(await work(one))
    return counts
  }
}

test('memory and PostgreSQL give the same answers to the same operations', async () => {
  let count = 0
  const postgres = openPostgresSchedule(testDatabase.database)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const environmentId = `env_${++count}`
      // Claims see every environment: the slots of the sequence before are taken out of the way.
      await testDatabase.database.system((sql) => sql('delete from schedule'))
      const stored = await answersOf(postgres, environmentId, steps, start)
      assert.deepEqual(stored, await answersOf(openMemorySchedule(), environmentId, steps, start))
    }),
    { numRuns: 100 },
  )
})
