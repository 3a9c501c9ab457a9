import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '@patchbay/kit'
import { hour, minute } from '@patchbay/kit'
import type { AnswerShape } from '../../ports/stream-notes.ts'
import { SeenFields, ShapeTurns, shapeAfter } from './answer-shape.ts'
import { environmentId, openTestWorld } from './test-world.ts'

const fieldsOf = (body: Json, path = '/videos') => {
  const seen = new SeenFields()
  seen.see({ path }, body)
  return [...seen.fields]
}

test('fields are named by call and path; ids, days and rows are no names', () => {
  assert.deepEqual(fieldsOf({ items: [{ id: '1' }, { id: '2', stats: { views: 1 } }], next: null }), [
    'GET /videos items',
    'GET /videos items[].id',
    'GET /videos items[].stats',
    'GET /videos items[].stats.views',
    'GET /videos next',
  ])
  assert.deepEqual(fieldsOf({ days: { '2026-10-01': 5, '2026-10-02': 6 } }), ['GET /videos days', 'GET /videos days.*'])
  assert.deepEqual(fieldsOf({ a: 1 }, '/users/17841400000000000/media'), ['GET /users/*/media a'])
  assert.deepEqual(fieldsOf([1, 'a', null]), [])
})

test('whatever a platform sends, little of it is kept', () => {
  const deep = (depth: number): Json => (depth === 0 ? 1 : { inner: deep(depth - 1) })
  assert.equal(fieldsOf(deep(50)).length, 8)
  assert.ok(fieldsOf(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, i]))).length <= 60)
  const wide = Array.from({ length: 50 }, (_, i) => [
    `k${i}`,
    Object.fromEntries(Array.from({ length: 50 }, (_, j) => [`x${j}`, j])),
  ])
  assert.equal(fieldsOf(Object.fromEntries(wide)).length, 500)
  const seen = new SeenFields()
  seen.see({ path: `/${'x'.repeat(10_000)}` }, { ['y'.repeat(10_000)]: 1 })
  assert.ok([...seen.fields].every((field) => field.length < 300))
})

/** Runs in which a call was answered with these fields, one after the other; what was told by the last. */
function play(...runs: (string | null)[]) {
  let shape: AnswerShape = { integrationId: 'i', stream: 's', runs: 0, fields: {} }
  const told: string[] = []
  for (const [index, run] of runs.entries()) {
    const calls = new Set(run === null ? [] : ['GET /a'])
    const fields = new Set(
      (run ?? '')
        .split(' ')
        .filter(Boolean)
        .map((name) => `GET /a ${name}`),
    )
    const news = shapeAfter(shape, { calls, fields })
    shape = news.shape
    for (const field of news.added) told.push(`${index} +${field.slice(7)}`)
    for (const field of news.lacking) told.push(`${index} -${field.slice(7)}`)
  }
  return told
}
const times = (count: number, run: string | null) => Array.from({ length: count }, () => run)

test('F52: a field that is new in a well-known answer is told once', () => {
  assert.deepEqual(play(...times(20, 'id'), ...times(9, 'id likes')), ['20 +likes'])
  assert.deepEqual(play(...times(19, 'id'), ...times(9, 'id likes')), [])
  assert.deepEqual(play(...times(20, 'id'), ...times(9, 'id stats stats.views stats.likes')), ['20 +stats'])
})

test('a field that was always there is told to be gone once, after three answers without it; and to be back', () => {
  assert.deepEqual(play(...times(20, 'id likes'), ...times(9, 'id')), ['22 -likes'])
  assert.deepEqual(play(...times(20, 'id likes'), ...times(2, 'id'), ...times(9, 'id likes')), [])
  assert.deepEqual(play(...times(20, 'id likes'), ...times(5, 'id'), ...times(5, 'id likes')), [
    '22 -likes',
    '25 +likes',
  ])
  assert.deepEqual(play(...times(19, 'id likes'), ...times(9, 'id')), [])
})

test('what is there now and then is not missed, and neither is what was not asked for', () => {
  const nowAndThen = Array.from({ length: 60 }, (_, i) => (i % 4 === 0 ? 'id next' : 'id'))
  assert.deepEqual(play(...nowAndThen, ...times(30, 'id')), [])
  assert.deepEqual(play(...times(20, 'id likes'), ...times(30, null), ...times(3, 'id likes')), [])
})

test('each stream of an app is looked at once in ten minutes', () => {
  const turns = new ShapeTurns()
  const due = [0, 5, 9.9, 10, 19, 21].map((at) => turns.isDue('a', at * minute))
  assert.deepEqual(due, [true, false, false, true, false, true])
  assert.equal(turns.isDue('b', 5 * minute), true)
})

test('F52: a platform that takes a field away is told as an event of the app, once', async () => {
  const world = await openTestWorld()
  await world.clock.run(async () => {
    await world.connect('con_1')
    for (let i = 0; i < 30; i++) {
      if (i === 22) world.platform.spoil = () => ({ items: [{ id: 'acc_1', followers: 100, since: 'x' }] })
      if (i === 25) world.platform.spoil = () => ({ items: [{ id: 'acc_1' }] })
      await world.runDue({ aheadMs: 48 * hour })
      await world.clock.sleep(hour)
    }
    const told = world.along.events.filter(({ type }) => type === 'provider.answers_changed')
    assert.deepEqual(
      told.map(({ data, connectionId }) => [data.stream, data.added, data.lacking, connectionId]),
      [
        ['channel', ['GET /channels items[].since'], [], null],
        ['channel', [], ['GET /channels items[].followers'], null],
      ],
    )
  })
  assert.equal((await world.deps.streamNotes.shape(environmentId, 'int_1', 'channel'))!.runs, 30)
})
