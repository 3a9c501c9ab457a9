import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Provider } from '@patchbay/kit'
import { madeUp } from '../sync/test-world.ts'
import { availability } from './availability.ts'

const provider: Provider = {
  ...madeUp,
  streams: {
    ...madeUp.streams,
    extended: { ...madeUp.streams.channel!, metrics: ['standing.popularity_index'], when: { mode: 'extended' } },
  },
  notOffered: { 'audience.monthly_listeners': 'The platform shows it to artists only.' },
}
const rows = availability(new Map([[provider.id, provider]]))
const of = (metric: string) => rows.find((row) => row.metric === metric)

test('a metric is available where a stream reads it', () => {
  assert.deepEqual(of('consumption.views'), {
    provider: 'madeup',
    metric: 'consumption.views',
    available: true,
    streams: ['videos'],
    says: null,
  })
})

test('one that only some settings give says which', () => {
  assert.partialDeepStrictEqual(of('standing.popularity_index'), { available: true, says: 'only with mode extended' })
})

test('one that the platform does not give says why, and one that nobody spoke of is left out', () => {
  assert.partialDeepStrictEqual(of('audience.monthly_listeners'), {
    available: false,
    says: 'The platform shows it to artists only.',
  })
  assert.equal(of('consumption.scrobbles'), undefined)
})
