import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkTypePatterns, eventTypeNames, eventTypes, faultOfEvent, matchesType } from './event-types.ts'

test('every sample is what its schema says', () => {
  for (const type of eventTypeNames) assert.equal(faultOfEvent({ type, data: eventTypes[type].sample }), null)
})

test('an event that is not in the catalogue, or looks otherwise than it says, is told from one that does', () => {
  assert.match(faultOfEvent({ type: 'connection.vanished', data: {} })!, /no event type/)
  assert.match(faultOfEvent({ type: 'toString', data: {} })!, /no event type/)
  assert.match(faultOfEvent({ type: 'channel.recovered', data: {} })!, /channel/)
  assert.match(faultOfEvent({ type: 'channel.recovered', data: { channel: 'c', more: 1 } })!, /more/)
})

test('a pattern is a name, a family or everything', () => {
  const matching = (pattern: string) => eventTypeNames.filter((type) => matchesType(pattern, type))
  assert.deepEqual(matching('*'), eventTypeNames)
  assert.deepEqual(matching('channel.*'), ['channel.failing', 'channel.recovered'])
  assert.deepEqual(matching('metrics.updated'), ['metrics.updated'])
  for (const pattern of ['', 'connection', 'connection.', 'conn*', 'nobody.*', '*.created', 'metrics.updated.*'])
    assert.throws(() => checkTypePatterns(['*', pattern]), /No event has the type/, pattern)
})
