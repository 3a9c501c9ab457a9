import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Situation, situations } from './kernel/sometimes.ts'
import { noRuns } from './play-seeds.ts'
import { neverMet } from './report.ts'

const all = Object.keys(situations) as Situation[]

function check(expected: readonly Situation[], run: { seeds: number; met?: readonly Situation[]; isPart?: boolean }) {
  const sometimes = new Map((run.met ?? []).map((name) => [name, 1]))
  const summary = { ...noRuns(), seeds: run.seeds, sometimes }
  assert.deepEqual(neverMet(summary, { stories: 3, isPart: run.isPart ?? false }), expected)
}

test('a hundred seeds of every story have to meet each situation', () => {
  check(all, { seeds: 300 })
  check([all[4]!], { seeds: 360, met: all.toSpliced(4, 1) })
  check([], { seeds: 300, met: all })
})

test('fewer seeds, or a part of the stories or faults, have not', () => {
  check([], { seeds: 299 })
  check([], { seeds: 3000, isPart: true })
})
