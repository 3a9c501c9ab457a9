import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs } from '@patchbay/kit'
import * as catalog from '../../providers/index.ts'
import type { Kpi } from '../../src/engine/watch/kpis/kpi.ts'
import { compareKpis } from './compare-kpis.ts'
import { drawScoreboard } from './draw-scoreboard.ts'
import { runScoreboard, type Scoreboard } from './scoreboard.ts'
import { scoreboardText } from './scoreboard-text.ts'
import { trueLosses } from './true-losses.ts'

const providers = Object.values(catalog)

let played: Promise<Scoreboard> | null = null
const play = () => {
  played ??= runScoreboard({ providers, artists: 8, days: 5, seed: 'i35', revokeAMonth: 1.5 })
  return played
}

test('I35: what is counted from history is what the platforms and the watch saw', async () => {
  const { kpis, differences, requests, afterOutages, violations } = await play()
  assert.deepEqual(differences, [])
  // They were days in which something happened.
  const of = (id: string) => kpis.find((kpi) => kpi.id === id)!.overall
  assert.ok(requests > 500, `${requests} requests`)
  assert.ok(of('K1').details.deferred! > 0)
  assert.ok(of('K8').denominator > 0)
  assert.ok(of('K6').denominator > 15)
  assert.ok(of('K6').numerator > 0)
  assert.equal(of('K6').details.ours, 0)
  assert.ok(of('K1').excluded.length > 0)
  assert.equal(of('K2').value, 1)
  assert.equal(afterOutages.withinAnHour, afterOutages.failing)
  assert.deepEqual(violations, {})
})

test('a miscount shows as a difference', async () => {
  const board = await play()
  const wrong = (id: string, change: (figure: Kpi['overall']) => Partial<Kpi['overall']>): Kpi[] =>
    board.kpis.map((kpi) =>
      kpi.id !== id
        ? kpi
        : {
            ...kpi,
            providers: Object.fromEntries(
              Object.entries(kpi.providers).map(([provider, figure]) => [provider, { ...figure, ...change(figure) }]),
            ),
          },
    )
  const what = (kpis: readonly Kpi[]) => compareKpis(kpis, board.truth).map(({ kpi, what }) => `${kpi} ${what}`)
  assert.deepEqual(what(board.kpis), [])
  assert.ok(what(wrong('K1', ({ numerator }) => ({ numerator: numerator + 1 }))).includes('K1 ended well'))
  assert.ok(what(wrong('K6', ({ numerator }) => ({ numerator: numerator + 1 }))).includes('K6 lost'))
  assert.ok(what(wrong('K8', () => ({ excluded: [{ reason: 'made up', count: 1000 }] }))).includes('K8 left out'))
})

test('a connection that is lost while its grant lives was lost by us, whatever was said', () => {
  const connection = { id: 'con_1', provider: 'one' } as never
  const at = 10 * dayMs
  const moves = [
    { connection, to: 'healthy', actor: 'system', at: 0 },
    { connection, to: 'needs_reauth', actor: 'system', at },
  ] as const
  const causeOf = (ended: { at: number; why: 'owner' | 'age' | 'reuse' } | null) =>
    Object.entries(trueLosses(moves, { from: 1, to: 20 * dayMs }, () => ({ ended })).get('one')!.causes)
      .filter(([, count]) => count > 0)
      .map(([cause]) => cause)
  assert.deepEqual(causeOf(null), ['ours'])
  assert.deepEqual(causeOf({ at: at + 1, why: 'owner' }), ['ours'])
  assert.deepEqual(causeOf({ at, why: 'owner' }), ['owner'])
  assert.deepEqual(causeOf({ at, why: 'age' }), ['expiry'])
  assert.deepEqual(causeOf({ at, why: 'reuse' }), ['lost_reply'])
})

test('the scoreboard has every number as text and as a picture', async () => {
  const board = await play()
  const text = scoreboardText(board, 1_000)
  const picture = drawScoreboard(board)
  for (const { id, name } of board.kpis) {
    assert.ok(text.includes(id) && text.includes(name), id)
    assert.ok(picture.includes(`${id} · ${name}`), id)
  }
  assert.match(text, /a second time from what the platforms saw: the same/)
  assert.match(picture, /prefers-color-scheme:dark/)
  assert.doesNotMatch(picture, /https?:\/\/|src=|@import/)
})
