import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import * as catalog from '../../providers/index.ts'
import { drawScoreboard } from './draw-scoreboard.ts'
import { runScoreboard, type Scoreboard } from './scoreboard.ts'
import { scoreboardText } from './scoreboard-text.ts'

export interface ScoreboardWords {
  readonly artists?: string
  readonly days?: string
  readonly seed?: string
  /** JSON lines instead of the table. */
  readonly json?: boolean
  /** Where to write the picture, a page without anything from elsewhere. */
  readonly picture?: string
}

/** Simulates a month, shows how it went, and says by its exit code whether every count was right: 0, or 1 where two counts differ. */
export async function playScoreboard(words: ScoreboardWords): Promise<number> {
  const { artists = '50', days = '30', seed = 'scoreboard', json = false, picture } = words
  const startedAt = performance.now()
  const tookMs = () => Math.round(performance.now() - startedAt)
  const board = await runScoreboard({
    ...{ providers: Object.values(catalog), artists: atLeastOne(artists), days: atLeastOne(days), seed },
    onProgress: (done, total) => showProgress(done, total, tookMs()),
  })
  const out = (text: string) => process.stdout.write(`${text}\n`)
  if (json) for (const line of linesOf(board, tookMs())) out(JSON.stringify(line))
  else out(scoreboardText(board, tookMs()))
  if (picture !== undefined) {
    writeFileSync(picture, drawScoreboard(board))
    process.stderr.write(`The picture is in ${picture}.\n`)
  }
  return board.differences.length > 0 ? 1 : 0
}

function atLeastOne(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new RangeError(`not a number of artists or days: ${text}`)
  return number
}

function showProgress(done: number, total: number, tookMs: number): void {
  const share = done / total
  if (process.stderr.isTTY) {
    const full = Math.round(share * 30)
    const left = done === total ? '' : `${Math.round((tookMs / share - tookMs) / 1000)} s left`
    process.stderr.write(
      `\r${'█'.repeat(full)}${'░'.repeat(30 - full)} day ${Math.floor(done / 24)} of ${total / 24} ${left.padEnd(12)}`,
    )
    if (done === total) process.stderr.write('\n')
  } else if (done % 24 === 0)
    process.stderr.write(`day ${done / 24} of ${total / 24}, ${Math.round(tookMs / 1000)} s\n`)
}

/** One line a number, then one about the month. */
function linesOf(board: Scoreboard, tookMs: number): unknown[] {
  const { kpis, hours: _, truth: __, ...month } = board
  return [...kpis, { ...month, tookMs }]
}

if (import.meta.main) {
  const options = {
    artists: { type: 'string' },
    days: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean' },
    picture: { type: 'string' },
  } as const
  process.exitCode = await playScoreboard(parseArgs({ options }).values)
}
