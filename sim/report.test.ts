import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Situation, situations } from './kernel/sometimes.ts'
import { addRun, isCanary, noRuns } from './play-seeds.ts'
import { nameFailure, neverMet } from './report.ts'
import type { StoryResult } from './stories/story.ts'

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

test('of many broken runs all are counted and the first twenty kept, and each has a line', () => {
  const summary = noRuns()
  const result = (nth: number, violations: StoryResult['violations']): StoryResult => ({
    ...{ story: 'sync', seed: `${nth}`, hash: '', events: 1, simulatedMs: 1 },
    ...{ violations, fired: [], sometimes: new Map(), last: [] },
  })
  for (let nth = 0; nth < 25; nth++)
    addRun(summary, result(nth, [{ invariant: 'I15', says: 'one differs', at: Date.UTC(2026, 10, 21) }]))
  addRun(summary, result(25, []))
  assert.deepEqual([summary.seeds, summary.broken, summary.failures.length], [26, 25, 20])
  assert.equal(
    nameFailure(summary.failures[7]!),
    'VIOLATION in story sync, seed 7: I15 at 2026-11-21 00:00:00.000: one differs',
  )
})

test('every story has seeds that are played twice', () => {
  for (const stories of [1, 5]) {
    const turns = Array.from({ length: 50 * stories }, (_, turn) => turn).filter((turn) => isCanary(turn, stories))
    assert.deepEqual(
      Array.from({ length: stories }, (_, story) => turns.filter((turn) => turn % stories === story).length),
      new Array(stories).fill(2),
    )
  }
})
