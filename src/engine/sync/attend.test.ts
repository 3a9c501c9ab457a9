import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, Fault, hour, isFault, minute } from '@patchbay/kit'
import { openAttend } from './attend.ts'
import { environmentId, openTestWorld, type TestWorld } from './test-world.ts'

/** A world with one connection that was just read, and the part that is told who looks. */
const story = (title: string, tell: (world: TestWorld, open: () => ReturnType<typeof openAttend>) => Promise<void>) =>
  test(title, async () => {
    const world = await openTestWorld()
    await world.clock.run(async () => {
      await world.connect('con_1', { streams: ['channel', 'daily'] })
      await world.runDue()
      await tell(world, () => openAttend(world.deps))
    })
  })

const slotsOf = async ({ deps }: TestWorld) => deps.schedule.of(environmentId, ['con_1'])
const channelOf = async (world: TestWorld) => (await slotsOf(world)).find(({ stream }) => stream === 'channel')!
const connectionOf = async ({ deps }: TestWorld) => (await deps.connections.read(environmentId, 'con_1'))!
const cadenceOf = async (world: TestWorld, attend: ReturnType<typeof openAttend>) =>
  (await attend.of(await connectionOf(world), await slotsOf(world))).get('channel')!

story(
  'a look brings the next reading forward, to an hour after the last one, and the ones after that',
  async (world, open) => {
    const attend = open()
    const before = await channelOf(world)
    const others = async () => (await slotsOf(world)).filter(({ stream }) => stream !== 'channel')
    const daily = await others()
    await attend.look(environmentId, ['con_1'])
    const after = await channelOf(world)
    assert.ok(after.dueAt < before.dueAt, 'it is due sooner')
    assert.ok(after.dueAt <= before.syncedAt! + hour)
    assert.equal(after.lane, 'scheduled')
    // What moves once a day is not read by the hour, whoever looks.
    assert.deepEqual(await others(), daily)
    assert.partialDeepStrictEqual(await cadenceOf(world, attend), { tier: 'hourly', everyMs: hour })

    await world.clock.sleep(after.dueAt - world.clock.now())
    await world.runDue()
    const next = await channelOf(world)
    assert.ok(next.dueAt <= next.syncedAt! + hour, 'the one after is by the hour too')
    assert.equal(next.everyMs, 6 * hour)

    await world.clock.sleep(8 * dayMs)
    await world.runDue()
    assert.partialDeepStrictEqual(await cadenceOf(world, attend), { tier: 'declared', everyMs: 6 * hour })
  },
)

story('what a look makes due at once is written together, however many accounts it is at', async (world, open) => {
  const ids = Array.from({ length: 30 }, (_, n) => `con_${n + 2}`)
  for (const id of ids) await world.connect(id)
  await world.runDue()
  await world.clock.sleep(2 * hour)
  let writes = 0
  const { schedule } = world.deps
  for (const name of ['wake', 'wakeAll'] as const) {
    const write = schedule[name] as (...args: unknown[]) => Promise<number>
    Object.assign(schedule, {
      [name]: (...args: unknown[]) => {
        writes++
        return write(...args)
      },
    })
  }
  await open().look(environmentId, ids)
  const due = (await schedule.of(environmentId, ids)).filter(({ dueAt }) => dueAt <= world.clock.now())
  assert.deepEqual([due.length, writes], [30, 1])
})

story(
  'looks that follow one another are written once, and what is stored is never older than its interval',
  async (world, open) => {
    const attend = open()
    let written = 0
    const { look } = world.deps.streamNotes
    const counted = (...args: Parameters<typeof look>) => {
      written++
      return look(...args)
    }
    Object.assign(world.deps.streamNotes, { look: counted })
    for (let i = 0; i < 10; i++) {
      await attend.look(environmentId, ['con_1', 'con_unknown'])
      await world.clock.sleep(minute)
    }
    assert.equal(written, 1)
    await world.clock.sleep(15 * minute)
    await attend.look(environmentId, ['con_1'])
    assert.equal(written, 2)
  },
)

story('somebody who looks gets what is stored, also when that cannot be noted', async (world, open) => {
  const attend = open()
  Object.assign(world.deps.streamNotes, { look: () => Promise.reject(new Error('the database is away')) })
  await attend.look(environmentId, ['con_1'])
  assert.deepEqual(world.log.lines.map(({ event }) => event).slice(-1), ['sync.look_not_noted'])
})

story('what somebody chose holds until its end, is in the audit, and can be taken back', async (world, open) => {
  const attend = open()
  const connection = await connectionOf(world)
  const until = world.clock.now() + 2 * dayMs
  await attend.choose(connection, { every: '1h', reason: 'release week', until }, 'key:k')
  assert.partialDeepStrictEqual(await cadenceOf(world, attend), { tier: 'chosen', everyMs: hour, until })
  assert.ok((await channelOf(world)).dueAt <= (await channelOf(world)).syncedAt! + hour)
  await attend.choose(connection, null, 'key:k')
  assert.partialDeepStrictEqual(await cadenceOf(world, attend), { tier: 'declared' })
  assert.deepEqual(
    world.along.audit
      .filter(({ action }) => action.includes('cadence'))
      .map(({ action, actor }) => `${actor} ${action}`),
    ['key:k connection.cadence_chosen', 'key:k connection.cadence_cleared'],
  )
  for (const [every, until] of [
    ['30m', world.clock.now() + hour],
    ['25h', world.clock.now() + hour],
    ['1h', world.clock.now()],
    ['1h', world.clock.now() + 400 * dayMs],
  ] as const)
    await assert.rejects(
      attend.choose(connection, { every, reason: 'x', until }, 'key:k'),
      (error) => isFault(error, 'input.invalid'),
      `${every} until ${until}`,
    )
})

story('a stream that failed keeps its wait, whoever looks', async (world, open) => {
  world.platform.spoil = () => {
    throw new Fault('provider.exhausted', undefined, { waitMs: 5 * hour })
  }
  await world.runDue({ aheadMs: 48 * hour })
  const before = await channelOf(world)
  assert.notEqual(before.lastFault, null)
  await open().look(environmentId, ['con_1'])
  assert.equal((await channelOf(world)).dueAt, before.dueAt)
})

story('many accounts of an app are read as often as its quotas can bear', async (world, open) => {
  const note = (await world.deps.streamNotes.notes(environmentId, [{ connectionId: 'con_1', stream: 'channel' }]))[0]!
  // Half a tenth of 10,000 units a day.
  await world.deps.streamNotes.note(environmentId, [{ ...note, spent: { daily: 1 } }])
  const crowded = (count: number) => openAttend({ ...world.deps, crowd: async () => count })
  await open().look(environmentId, ['con_1'])
  assert.partialDeepStrictEqual(await cadenceOf(world, crowded(19)), { tier: 'hourly' })
  assert.partialDeepStrictEqual(await cadenceOf(world, crowded(20)), { everyMs: 3 * hour })
  assert.partialDeepStrictEqual(await cadenceOf(world, crowded(10_000)), { everyMs: 6 * hour })
})
