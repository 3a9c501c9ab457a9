import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { eventTypeNames } from '../src/engine/delivery/event-types.ts'
import { eventsPage, eventTypesFile, generateEventsPage, generateEventTypes } from './generate-events.ts'

test('the page about events and the SDK’s types of them are what would be written now', () => {
  assert.equal(readFileSync(eventsPage, 'utf8'), generateEventsPage(), 'run `npm run generate`')
  assert.equal(readFileSync(eventTypesFile, 'utf8'), generateEventTypes(), 'run `npm run generate`')
})

test('the page has each type once, with an example, and no type of a field is unknown', () => {
  const page = readFileSync(eventsPage, 'utf8')
  const listed = [...page.matchAll(/^### `([\w.]+)`$/gm)].map(([, type]) => type)
  assert.deepEqual(listed, eventTypeNames)
  assert.equal(page.match(/^```json$/gm)?.length, eventTypeNames.length)
  assert.doesNotMatch(generateEventTypes(), /unknown/)
})
