import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MetricDefinition, metrics } from './metrics.ts'

const definitions: [string, MetricDefinition][] = Object.entries(metrics)

const rule = (says: string, holds: (definition: MetricDefinition) => boolean) =>
  test(says, () =>
    assert.deepEqual(
      definitions.filter(([, definition]) => !holds(definition)).map(([key]) => key),
      [],
    ),
  )

rule('only amounts of events are summed over time', ({ rollUp, kind, uniqueness, additiveOver }) =>
  rollUp === 'sum'
    ? kind === 'delta' && uniqueness === 'events' && additiveOver.includes('time')
    : !additiveOver.includes('time'),
)
rule('a state or a place is the last that is known', ({ rollUp, kind }) =>
  kind === 'gauge' || kind === 'cumulative' || kind === 'rank' ? rollUp === 'last' : rollUp !== 'last',
)
rule(
  'different people and accounts are summed over nothing',
  ({ uniqueness, additiveOver }) => uniqueness === 'events' || additiveOver.length === 0,
)
rule(
  'ratios, percentages, ranks and scores are summed over nothing',
  ({ unit, additiveOver }) => ['count', 'seconds', 'money'].includes(unit) || additiveOver.length === 0,
)
rule(
  'what is summed over platforms is summed over accounts of one',
  ({ additiveOver }) => !additiveOver.includes('platform') || additiveOver.includes('account'),
)
