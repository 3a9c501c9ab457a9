import assert from 'node:assert/strict'
import { describeContract } from './contract.ts'
import type { Lane, Schedule, Slot, SlotOutcome } from './schedule.ts'

export interface ScheduleWorld {
  readonly schedule: Schedule
  close(): Promise<void>
}

type NewSlot = Parameters<Schedule['put']>[1][number]

export const slotOf = (slot: Partial<NewSlot>): NewSlot => ({
  connectionId: 'con_1',
  provider: 'example',
  integrationId: 'int_1',
  stream: 'channel',
  everyMs: hour,
  dueAt: start,
  lane: 'scheduled',
  blocked: null,
  ...slot,
})

export const outcomeOf = (outcome: Partial<SlotOutcome>): SlotOutcome => ({
  connectionId: 'con_1',
  stream: 'channel',
  dueAt: start + hour,
  failures: 0,
  blocked: null,
  runId: 'run_1',
  fault: null,
  quota: null,
  endedAt: start,
  ...outcome,
})

const minute = 60_000
const hour = 60 * minute
/** Each story has an hour of its own, since claims see every environment. */
let start = Date.parse('2026-10-05T00:00:00Z')

/** What every driver of Schedule owes. */
export function scheduleContract(name: string, open: () => Promise<ScheduleWorld>): void {
  describeContract(`schedule ${name}`, open, (tell) => {
    const story: typeof tell = (title, work) =>
      tell(title, async (world, environmentId) => {
        await emptyQueue(world.schedule)
        await work(world, environmentId)
      })

    story('many are woken at once as each by itself would be', async ({ schedule }, environmentId) => {
      const names = ['con_1', 'con_2', 'con_3']
      for (const connectionId of names)
        await schedule.put(environmentId, [
          slotOf({ connectionId, stream: 'videos', dueAt: start + hour }),
          slotOf({
            ...{ connectionId, stream: 'profile', dueAt: start + hour },
            blocked: connectionId === 'con_3' ? 'paused' : null,
          }),
        ])
      const wanted = [
        { connectionId: 'con_1', stream: 'videos' },
        { connectionId: 'con_1', stream: 'videos' },
        { connectionId: 'con_2', stream: 'profile' },
        { connectionId: 'con_3', stream: 'profile' },
        { connectionId: 'con_9', stream: 'videos' },
      ]
      assert.equal(await schedule.wakeAll(environmentId, wanted, { lane: 'webhook', at: start, apartMs: 0 }), 2)
      const slots = await schedule.of(environmentId, names)
      const woken = slots.filter(({ dueAt }) => dueAt === start)
      assert.deepEqual(
        woken.map(({ connectionId, stream, lane }) => [connectionId, stream, lane]),
        [
          ['con_1', 'videos', 'webhook'],
          ['con_2', 'profile', 'webhook'],
        ],
      )
      assert.equal(await schedule.wakeAll(environmentId, [], { lane: 'webhook', at: start, apartMs: 0 }), 0)
    })

    story(
      'a stream is woken no sooner than so long after its last reading, or after the one that runs',
      async ({ schedule }, environmentId) => {
        await schedule.put(environmentId, [slotOf({ connectionId: 'con_1', dueAt: start })])
        const dueAt = async () => (await schedule.of(environmentId, ['con_1']))[0]!.dueAt
        const wakeAt = (at: number) =>
          schedule.wakeAll(environmentId, [{ connectionId: 'con_1', stream: 'channel' }], {
            lane: 'webhook',
            at,
            apartMs: minute,
          })
        const readAt = async (at: number) => {
          await schedule.claim({ now: at, until: at + minute, claim: 'clm_1', limit: 1 })
          if (at > start) await wakeAt(at + 1)
          await schedule.finish(environmentId, 'clm_1', [
            outcomeOf({ connectionId: 'con_1', dueAt: at + 100 * minute, endedAt: at + 2 }),
          ])
        }
        await readAt(start)
        await wakeAt(start + 10)
        assert.equal(await dueAt(), start + 2 + minute)
        await wakeAt(start + 20)
        assert.equal(await dueAt(), start + 2 + minute)
        await readAt(start + 5 * minute)
        assert.equal(await dueAt(), start + 5 * minute + 1 + minute, 'one that came while it was read')
        await wakeAt(start + 50 * minute)
        assert.equal(await dueAt(), start + 5 * minute + 1 + minute)
      },
    )

    story('what is due is claimed once, most overdue first', async ({ schedule }, environmentId) => {
      await schedule.put(environmentId, [
        slotOf({ connectionId: 'late', dueAt: start - 2 }),
        slotOf({ connectionId: 'later', dueAt: start - 1 }),
        slotOf({ connectionId: 'now', dueAt: start }),
        slotOf({ connectionId: 'future', dueAt: start + 1 }),
        slotOf({ connectionId: 'blocked', dueAt: start - 9, blocked: 'paused' }),
      ])
      assert.deepEqual(await claimed(schedule, { limit: 2 }), ['late', 'later'])
      assert.deepEqual(await claimed(schedule), ['now'])
      assert.deepEqual(await claimed(schedule), [])
    })

    story('a slot comes with all it is, to whoever claims it', async ({ schedule }, environmentId) => {
      const slot = slotOf({ lane: 'backfill', everyMs: 86_400_000 * 365 })
      await schedule.put(environmentId, [slot])
      const [got] = await schedule.claim({ now: start, until: start + minute, claim: 'clm_1', limit: 9 })
      const expected: Slot = {
        environmentId,
        ...slot,
        failures: 0,
        claim: 'clm_1',
        claimedUntil: start + minute,
        lastRunId: null,
        lastEndedAt: null,
        syncedAt: null,
        lastFault: null,
        lastQuota: null,
      }
      assert.deepEqual(got, { ...expected, lapsed: false })
      assert.deepEqual(await schedule.of(environmentId, ['con_1', 'unknown']), [expected])
    })

    story('lanes go before waiting times, and lower ones may be left out', async ({ schedule }, environmentId) => {
      const lanes: Lane[] = ['backfill', 'scheduled', 'webhook', 'interactive']
      await schedule.put(
        environmentId,
        lanes.map((lane, i) => slotOf({ connectionId: lane, lane, dueAt: start - 100 + i })),
      )
      assert.deepEqual(await claimed(schedule, { upTo: 'interactive' }), ['interactive'])
      assert.deepEqual(await claimed(schedule, { limit: 2 }), ['webhook', 'scheduled'])
      assert.deepEqual(await claimed(schedule), ['backfill'])
    })

    story('F89: a claim that runs out is anybody’s, and says so', async ({ schedule }, environmentId) => {
      await schedule.put(environmentId, [slotOf({})])
      await schedule.claim({ now: start, until: start + minute, claim: 'clm_1', limit: 9 })
      assert.equal(await schedule.nextDueAt(), start + minute)
      assert.deepEqual(await schedule.claim({ now: start + minute - 1, until: start + hour, claim: 'x', limit: 9 }), [])
      const [again] = await schedule.claim({ now: start + minute, until: start + hour, claim: 'clm_2', limit: 9 })
      assert.equal(again!.lapsed, true)
      assert.equal(await schedule.extend(environmentId, 'clm_1', [again!], start + hour), 0)
      assert.equal(await schedule.release(environmentId, 'clm_1', [again!], start), 0)
      assert.equal(await schedule.finish(environmentId, 'clm_1', [outcomeOf({})]), 0)
      assert.equal((await schedule.of(environmentId, ['con_1']))[0]!.claim, 'clm_2')
    })

    story('a claim can be extended', async ({ schedule }, environmentId) => {
      await schedule.put(environmentId, [slotOf({}), slotOf({ stream: 'videos' })])
      const slots = await schedule.claim({ now: start, until: start + minute, claim: 'clm_1', limit: 9 })
      assert.equal(await schedule.extend(environmentId, 'clm_1', slots, start + 10 * minute), 2)
      assert.deepEqual(await schedule.claim({ now: start + 9 * minute, until: start + hour, claim: 'x', limit: 9 }), [])
      assert.equal(await schedule.nextDueAt(), start + 10 * minute)
    })

    story(
      'a slot that was given back waits as long as asked, or until it is woken',
      async ({ schedule }, environmentId) => {
        await schedule.put(environmentId, [slotOf({}), slotOf({ stream: 'videos' })])
        const slots = await schedule.claim({ now: start, until: start + minute, claim: 'clm_1', limit: 9 })
        assert.equal(await schedule.release(environmentId, 'clm_1', slots, start + 5), 2)
        assert.equal(await schedule.nextDueAt(), start + 5)
        await schedule.wake(environmentId, 'con_1', { streams: ['videos'], lane: 'interactive', at: start + 1 })
        const [woken, ...rest] = await schedule.claim({
          now: start + 1,
          until: start + minute,
          claim: 'clm_2',
          limit: 9,
        })
        assert.deepEqual(
          [woken!.stream, woken!.lane, woken!.lapsed, woken!.dueAt, rest.length],
          ['videos', 'interactive', false, start, 0],
        )
        const [other] = await schedule.claim({ now: start + 5, until: start + 9, claim: 'clm_3', limit: 9 })
        assert.deepEqual([other!.stream, other!.dueAt], ['channel', start])
      },
    )

    story('that a claim lapsed is seen until somebody looks at it', async ({ schedule }, environmentId) => {
      await schedule.put(environmentId, [slotOf({})])
      await schedule.claim({ now: start, until: start + minute, claim: 'clm_dead', limit: 9 })
      const slots = await schedule.claim({ now: start + minute, until: start + hour, claim: 'clm_2', limit: 9 })
      assert.equal(await schedule.release(environmentId, 'clm_2', slots, start + hour), 1)
      assert.equal(await schedule.extend(environmentId, 'clm_2', slots, start + hour), 0)
      await schedule.wake(environmentId, 'con_1', { lane: 'interactive', at: start + 2 * minute })
      const options = { now: start + 2 * minute, until: start + hour, limit: 9 }
      const [again] = await schedule.claim({ ...options, claim: 'clm_3' })
      assert.deepEqual([again!.lapsed, again!.lane], [true, 'interactive'])
      await schedule.release(environmentId, 'clm_3', [{ ...again!, lapsed: false }], options.now)
      assert.equal((await schedule.claim({ ...options, claim: 'clm_4' }))[0]!.lapsed, false)
    })

    story('the end of a run sets the next one', async ({ schedule }, environmentId) => {
      await schedule.put(environmentId, [slotOf({ lane: 'interactive' })])
      await schedule.claim({ now: start, until: start + minute, claim: 'clm_1', limit: 9 })
      assert.equal(await schedule.finish(environmentId, 'clm_1', [outcomeOf({})]), 1)
      const finished = { dueAt: start + hour, lane: 'scheduled', claim: null, claimedUntil: null, syncedAt: start }
      assert.partialDeepStrictEqual((await schedule.of(environmentId, ['con_1']))[0], finished)
      assert.equal(await schedule.nextDueAt(), start + hour)
      await schedule.claim({ now: start + hour, until: start + 2 * hour, claim: 'clm_2', limit: 9 })
      await schedule.finish(environmentId, 'clm_2', [
        outcomeOf({
          fault: 'provider.down',
          failures: 3,
          runId: 'run_2',
          dueAt: start + 9 * hour,
          endedAt: start + hour,
        }),
      ])
      assert.partialDeepStrictEqual((await schedule.of(environmentId, ['con_1']))[0], {
        failures: 3,
        lastFault: 'provider.down',
        lastRunId: 'run_2',
        lastEndedAt: start + hour,
        syncedAt: start,
      })
    })

    story('one that is woken while it runs runs once more', async ({ schedule }, environmentId) => {
      await schedule.put(environmentId, [slotOf({})])
      await schedule.claim({ now: start, until: start + minute, claim: 'clm_1', limit: 9 })
      assert.equal(await schedule.wake(environmentId, 'con_1', { lane: 'webhook', at: start + 5 }), 1)
      assert.deepEqual(await claimed(schedule, { now: start + 5 }), [])
      await schedule.finish(environmentId, 'clm_1', [outcomeOf({})])
      const [again] = await schedule.claim({ now: start + 5, until: start + minute, claim: 'clm_2', limit: 9 })
      assert.deepEqual([again!.dueAt, again!.lane], [start + 5, 'webhook'])
      await schedule.finish(environmentId, 'clm_2', [outcomeOf({})])
      assert.partialDeepStrictEqual((await schedule.of(environmentId, ['con_1']))[0], {
        dueAt: start + hour,
        lane: 'scheduled',
      })
    })

    story('waking brings forward, never back, and leaves blocked ones alone', async ({ schedule }, environmentId) => {
      await schedule.put(environmentId, [
        slotOf({ stream: 'due', dueAt: start - 5, lane: 'webhook' }),
        slotOf({ stream: 'future', dueAt: start + hour }),
        slotOf({ stream: 'blocked', dueAt: start + hour, blocked: 'missing_scope' }),
      ])
      assert.equal(await schedule.wake(environmentId, 'con_1', { lane: 'scheduled', at: start }), 2)
      const slots = await schedule.of(environmentId, ['con_1'])
      assert.deepEqual(
        slots.map(({ stream, dueAt, lane }) => [stream, dueAt, lane]),
        [
          ['blocked', start + hour, 'scheduled'],
          ['due', start - 5, 'webhook'],
          ['future', start, 'scheduled'],
        ],
      )
      assert.equal(
        await schedule.wake(environmentId, 'con_1', { streams: ['blocked'], lane: 'interactive', at: start }),
        0,
      )
    })

    story(
      'what is blocked is not claimed, also when it was blocked during its run',
      async ({ schedule }, environmentId) => {
        await schedule.put(environmentId, [slotOf({}), slotOf({ stream: 'videos' })])
        await schedule.claim({ now: start, until: start + minute, claim: 'clm_1', limit: 9 })
        await schedule.block(environmentId, 'con_1', { streams: ['channel'], blocked: 'paused' })
        await schedule.finish(environmentId, 'clm_1', [
          outcomeOf({ dueAt: start }),
          outcomeOf({ stream: 'videos', dueAt: start, blocked: 'needs_reauth' }),
        ])
        assert.deepEqual(await claimed(schedule), [])
        assert.equal(await schedule.nextDueAt(), null)
        await schedule.block(environmentId, 'con_1', { blocked: null })
        assert.equal((await claimed(schedule)).length, 2)
      },
    )

    story('putting again keeps when it is due', async ({ schedule }, environmentId) => {
      await schedule.put(environmentId, [slotOf({ blocked: 'needs_reauth' })])
      await schedule.put(environmentId, [
        slotOf({ dueAt: start + 9 * hour, everyMs: 7, integrationId: 'int_2', lane: 'interactive' }),
      ])
      assert.partialDeepStrictEqual((await schedule.of(environmentId, ['con_1']))[0], {
        dueAt: start,
        everyMs: 7,
        integrationId: 'int_2',
        lane: 'scheduled',
        blocked: null,
      })
    })

    story('companions are of the same integration and stream and nearly due', async ({ schedule }, environmentId) => {
      const put = (connectionId: string, slot: Partial<NewSlot>) => slotOf({ connectionId, ...slot })
      await schedule.put(environmentId, [
        put('due', { dueAt: start - 1 }),
        put('soon', { dueAt: start + 5 * minute }),
        put('sooner', { dueAt: start + 4 * minute }),
        put('far', { dueAt: start + 6 * minute }),
        put('other', { integrationId: 'int_2' }),
        put('stream', { stream: 'videos' }),
        put('blocked', { blocked: 'paused' }),
        put('waiting', {}),
        put('held', { dueAt: start - minute }),
        put('often', {}),
        put('rarely', {}),
      ])
      await schedule.claim({ now: start - minute, until: start + minute, claim: 'held', limit: 9 })
      const read = ['waiting', 'often', 'rarely']
      for (const id of read) await schedule.wake(environmentId, id, { lane: 'interactive', at: start - minute })
      await schedule.claim({ now: start - minute, until: start, claim: 'clm_0', limit: 3 })
      await schedule.finish(environmentId, 'clm_0', [
        outcomeOf({ connectionId: 'waiting', dueAt: start + minute, fault: 'provider.exhausted' }),
        outcomeOf({ connectionId: 'often', dueAt: start + 3 * minute, endedAt: start - 7 * minute }),
        outcomeOf({ connectionId: 'rarely', dueAt: start + 3 * minute, endedAt: start - 27 * minute }),
      ])
      const of = { environmentId, integrationId: 'int_1', stream: 'channel' }
      const options = { ...of, before: start + 6 * minute, share: 0.1 }
      const companions = (limit: number) =>
        schedule
          .claimCompanions({ ...options, now: start, until: start + minute, claim: 'clm_1', limit })
          .then((slots) => slots.map(({ connectionId }) => connectionId))
      assert.deepEqual(await companions(2), ['due', 'rarely'])
      assert.deepEqual(await companions(9), ['sooner', 'soon'])
    })

    story('claims of the dead end at once, and it shows that they were there', async ({ schedule }, environmentId) => {
      await schedule.put(environmentId, [
        slotOf({ connectionId: 'held' }),
        slotOf({ connectionId: 'later', dueAt: start + hour }),
      ])
      await schedule.claim({ now: start, until: start + minute, claim: 'clm_1', limit: 9 })
      assert.equal(await schedule.endClaims(start + 1), 1)
      assert.equal(await schedule.endClaims(start + 1), 0)
      const again = await schedule.claim({ now: start + 1, until: start + minute, claim: 'clm_2', limit: 9 })
      assert.deepEqual(
        again.map(({ connectionId, lapsed }) => [connectionId, lapsed]),
        [['held', true]],
      )
      assert.equal(await schedule.extend(environmentId, 'clm_1', again, start + hour), 0)
    })

    story('the load ahead is counted by stream and step, overdue first', async ({ schedule }, environmentId) => {
      const put = (connectionId: string, minutes: number, slot: Partial<NewSlot> = {}) =>
        slotOf({ connectionId, dueAt: start + minutes * minute, ...slot })
      await schedule.put(environmentId, [
        ...[put('a', -70), put('b', 9), put('c', 10), put('d', 29), put('e', 30), put('f', 999)],
        ...[put('g', 5, { stream: 'videos', everyMs: 7 }), put('h', 5, { blocked: 'paused' })],
        put('i', 5, { integrationId: 'int_2' }),
      ])
      const options = { now: start, stepMs: 10 * minute, steps: 3 }
      const counts = await schedule.load(environmentId, options)
      const same = { provider: 'example', everyMs: hour, waiting: false, quota: null }
      const due = (first: number, last = first) => ({
        firstDueAt: start + first * minute,
        lastDueAt: start + last * minute,
      })
      const one = { ...same, integrationId: 'int_1', stream: 'channel' }
      assert.deepEqual(counts, [
        { ...one, step: 0, slots: 2, ...due(-70, 9) },
        { ...one, step: 1, slots: 1, ...due(10) },
        { ...one, step: 2, slots: 1, ...due(29) },
        { ...one, step: 3, slots: 2, ...due(30, 999) },
        { ...one, stream: 'videos', everyMs: 7, step: 0, slots: 1, ...due(5) },
        { ...one, integrationId: 'int_2', step: 0, slots: 1, ...due(5) },
      ])
      const some = await schedule.load(environmentId, { ...options, integrationIds: ['int_2', 'int_3'] })
      assert.deepEqual(some, counts.slice(-1))
      assert.deepEqual(await schedule.load(`${environmentId}_b`, options), [])
    })

    story('what is read more often than it has to be is counted at its pace', async ({ schedule }, environmentId) => {
      const everyMs = 24 * hour
      const apart = { by_the_hour: 55, later: 61, six: 330, day: 22 * 60, woken: 55, failed: 55 }
      const ids = Object.keys(apart)
      await schedule.put(
        environmentId,
        ids.map((connectionId) => slotOf({ connectionId, everyMs })),
      )
      await schedule.claim({ now: start, until: start + minute, claim: 'clm_1', limit: 9 })
      const outcomes = Object.entries(apart).map(([connectionId, minutes]) =>
        outcomeOf({
          connectionId,
          dueAt: start + minutes * minute,
          fault: connectionId === 'failed' ? 'provider.down' : null,
        }),
      )
      await schedule.finish(environmentId, 'clm_1', outcomes)
      await schedule.wake(environmentId, 'woken', { lane: 'interactive', at: start + 55 * minute })
      const load = await schedule.load(environmentId, { now: start, stepMs: 100 * hour, steps: 1 })
      assert.deepEqual(
        load.map((count) => [count.everyMs / hour, count.slots]),
        [
          [1, 1],
          [3, 1],
          [6, 1],
          [24, 3],
        ],
      )
    })

    story('what waits for a quota is counted by that quota, until its time', async ({ schedule }, environmentId) => {
      const ids = ['units', 'unnamed', 'other', 'well']
      await schedule.put(
        environmentId,
        ids.map((connectionId) => slotOf({ connectionId })),
      )
      await schedule.claim({ now: start, until: start + minute, claim: 'clm_1', limit: 9 })
      const dueAt = start + 5 * minute
      const outcomes = [
        outcomeOf({ connectionId: 'units', dueAt, fault: 'provider.exhausted', quota: 'units' }),
        outcomeOf({ connectionId: 'unnamed', dueAt, fault: 'provider.throttled' }),
        outcomeOf({ connectionId: 'other', dueAt, fault: 'provider.down', quota: 'units' }),
        outcomeOf({ connectionId: 'well', dueAt }),
      ]
      await schedule.finish(environmentId, 'clm_1', outcomes)
      assert.equal((await schedule.of(environmentId, ['units']))[0]!.lastQuota, 'units')
      const counted = async (now: number) =>
        (await schedule.load(environmentId, { now, stepMs: hour, steps: 1 })).map(({ waiting, quota, slots }) => [
          waiting,
          quota,
          slots,
        ])
      assert.deepEqual(await counted(start), [
        [false, null, 2],
        [true, null, 1],
        [true, 'units', 1],
      ])
      assert.deepEqual(await counted(dueAt), [[false, null, 4]])
      await schedule.claim({ now: dueAt, until: dueAt + minute, claim: 'clm_2', limit: 9 })
      await schedule.finish(environmentId, 'clm_2', [outcomeOf({ connectionId: 'units', dueAt: start + hour })])
      assert.equal((await schedule.of(environmentId, ['units']))[0]!.lastQuota, null)
    })

    story('F96: of many that claim at once each slot has one holder', async ({ schedule }, environmentId) => {
      const slots = Array.from({ length: 60 }, (_, i) => slotOf({ connectionId: `con_${i}`, dueAt: start - i }))
      await schedule.put(environmentId, slots)
      const takers = Array.from({ length: 10 }, (_, i) =>
        schedule.claim({ now: start, until: start + minute, claim: `clm_${i}`, limit: 10 }),
      )
      const taken = (await Promise.all(takers)).flat().map(({ connectionId }) => connectionId)
      assert.equal(new Set(taken).size, taken.length)
      assert.equal(taken.length + (await claimed(schedule, { limit: 60 })).length, 60)
    })

    story('claims see every environment, the rest one', async ({ schedule }, environmentId) => {
      await schedule.put(environmentId, [slotOf({})])
      await schedule.put(`${environmentId}_b`, [slotOf({ dueAt: start - 1 })])
      const slots = await schedule.claim({ now: start, until: start + minute, claim: 'clm_1', limit: 9 })
      assert.deepEqual(
        slots.map((slot) => slot.environmentId),
        [`${environmentId}_b`, environmentId],
      )
      assert.equal(await schedule.finish(environmentId, 'clm_1', [outcomeOf({})]), 1)
      assert.equal((await schedule.of(`${environmentId}_b`, ['con_1']))[0]!.claim, 'clm_1')
    })
  })
}

/** Leaves nothing of the stories before, and goes on to a later hour. */
async function emptyQueue(schedule: Schedule): Promise<void> {
  start += 100 * hour
  for (;;) {
    const slots = await schedule.claim({ now: start - hour, until: start, claim: 'sweep', limit: 1000 })
    if (slots.length === 0) return
    for (const { environmentId, connectionId, stream } of slots)
      await schedule.block(environmentId, connectionId, { streams: [stream], blocked: 'told' })
  }
}

async function claimed(schedule: Schedule, options: Partial<Parameters<Schedule['claim']>[0]> = {}): Promise<string[]> {
  const slots = await schedule.claim({ now: start, until: start + minute, claim: 'clm_9', limit: 100, ...options })
  return slots.map(({ connectionId }) => connectionId)
}
