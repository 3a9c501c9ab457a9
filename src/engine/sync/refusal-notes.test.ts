import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askAll, dayMs, defineProvider, defineStream, Fault, hour } from '@patchbay/kit'
import { emptyNote } from '../../ports/stream-notes.ts'
import { HeardRefusals, noteRefusals } from './refusal-notes.ts'
import { environmentId, madeUp, openTestWorld, type TestWorld } from './test-world.ts'

/** The made-up platform with numbers that are asked for by name. */
const native = ['views', 'likes', 'comments', 'shares'] as const
const metrics = ['consumption.views', 'engagement.likes', 'engagement.comments', 'engagement.shares'] as const
const numbers = defineStream({
  summary: 'Numbers by name',
  every: '24h',
  metrics,
  idleCalls: 1,
  async *read({ http, subjects, time, refusals }) {
    for (const { account } of subjects) {
      const { given, refused } = await askAll(refusals, native, (names) =>
        http.get('/numbers', { channel: account.id, names }),
      )
      const observations = given.flatMap(({ names }) =>
        names.map((name) => ({
          metric: metrics[native.indexOf(name as (typeof native)[number])]!,
          ...{ value: 5, day: time.today(), native: name },
        })),
      )
      yield { account: account.id, observations, refused, cursor: null }
    }
  },
})

/** Which names each reading asked for, and how the run ended. */
async function read(world: TestWorld, afterMs: number) {
  await world.clock.sleep(afterMs)
  world.platform.requests.length = 0
  const [run] = await world.runDue({ aheadMs: 48 * hour })
  const asked = world.platform.requests.map(({ request }) =>
    (request.query!.names as string[]).map((name) => name[0]).join(''),
  )
  return `${run!.state}: ${asked.join(' ')}`
}

test('a refused metric is found, left out, asked for again after a while, and told when it goes and comes', async () => {
  const world = await openTestWorld()
  const provider = defineProvider({ ...madeUp, streams: { channel: numbers } })
  Object.assign(world.deps, { providers: new Map([[madeUp.id, provider]]) })
  const bad = new Set(['comments'])
  world.platform.spoil = ({ query }) => {
    const wrong = (query!.names as string[]).filter((name) => bad.has(name))
    if (wrong.length > 0) throw new Fault('provider.rejected', `(#100) metric must be one of: not ${wrong}`)
    return {}
  }
  await world.clock.run(async () => {
    await world.connect('con_1')
    assert.equal(await read(world, 0), 'partial: vlcs vl cs c s')
    assert.equal(await read(world, 10 * hour), 'succeeded: vls')
    assert.equal(await read(world, 10 * hour), 'succeeded: vls')
    // A day later it is asked for once more, and then not for two days.
    assert.equal(await read(world, 10 * hour), 'partial: vlcs vl cs c s')
    assert.equal(await read(world, dayMs), 'succeeded: vls')
    bad.clear()
    assert.equal(await read(world, 2 * dayMs), 'succeeded: vlcs')
    assert.equal(await read(world, dayMs), 'succeeded: vlcs')
    const told = world.along.events.filter(({ type }) => /metric.(refused|given)/.test(type))
    assert.deepEqual(
      told.map(({ type, data }) => [type, JSON.stringify(data.metrics)]),
      [
        ['metric.refused', '[{"name":"comments","why":"(#100) metric must be one of: not comments"}]'],
        ['metric.given_again', '["comments"]'],
      ],
    )
    // Everything refused is no news about metrics: the reading failed.
    for (const name of native) bad.add(name)
    assert.equal(await read(world, dayMs), 'failed: vlcs vl cs v l c s')
    const [note] = await world.deps.streamNotes.notes(environmentId, [{ connectionId: 'con_1', stream: 'channel' }])
    assert.deepEqual(note!.refused, [])
  })
})

test('what is refused again and again is asked for less and less, and there is a most', () => {
  let note = emptyNote('c', 's')
  let now = 0
  const waits: number[] = []
  for (let i = 0; i < 8; i++) {
    const heard = new HeardRefusals([note], now)
    assert.equal(heard.known.has('a'), false)
    heard.refuse('a', 'no')
    note = noteRefusals(note, heard, now).note
    waits.push((note.refused[0]!.retryAt - now) / dayMs)
    now = note.refused[0]!.retryAt
  }
  assert.deepEqual(waits.slice(0, 4), [1, 2, 6, 16])
  assert.deepEqual(new Set(waits.slice(4)), new Set([16]))
  const many = new HeardRefusals([note], now)
  for (let i = 0; i < 200; i++) many.refuse(`m${i}`, 'x'.repeat(1_000))
  const { refused } = noteRefusals(note, many, now).note
  assert.equal(refused.length, 50)
  assert.equal(refused[0]!.why.length, 300)
})
