import { minute } from '@patchbay/kit'
import { type Figure, type Kpi, meets } from '../../src/engine/watch/kpis/kpi.ts'
import type { Scoreboard } from './scoreboard.ts'
import { isPlatforms } from './why-lost.ts'

/** The scoreboard for a terminal. */
export function scoreboardText(board: Scoreboard, tookMs: number): string {
  const {
    artists,
    days,
    seed,
    connections,
    requests,
    kpis,
    differences,
    afterOutages,
    violations,
    evenShares,
    losses,
    quotaPeaks,
  } = board
  const number = (value: number) => value.toLocaleString('en-US')
  const rows = kpis.flatMap((kpi) => [
    line(kpi, kpi.id, kpi.name, kpi.overall),
    ...Object.entries(kpi.providers).map(([provider, figure]) => line(kpi, '', `  ${provider}`, figure)),
  ])
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...rows.map((row) => row[i]!.length)))
  const table = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const excluded = kpis.flatMap(({ id, unit, overall }) =>
    overall.excluded.map(({ reason, count }) => `  ${id}  ${number(count)} ${unit}: ${reason}`),
  )
  const infeasible = Object.entries(evenShares).filter(([, share]) => share > 0.1)
  const full = quotaPeaks
    .filter(({ most }) => most > 0.1)
    .map(({ quota, most, calm }) => `  ${quota} ${percent(most)}; but for two hours after outages ${percent(calm)}`)
  const { K6 } = Object.fromEntries(kpis.map((kpi) => [kpi.id, kpi.overall.details]))
  return [
    `${number(artists)} artists, ${days} days, seed ${seed}: ${number(connections)} connections, ${number(requests)} requests, in ${Math.round(tookMs / 1000)} s`,
    '',
    ...table,
    '',
    `Lost connections by cause: ${Object.entries(K6 ?? {})
      .map(([cause, count]) => `${cause} ${count}`)
      .join(', ')}`,
    ...lossLines(losses, kpis),
    `After outages: ${number(afterOutages.withinAnHour)} of ${number(afterOutages.failing)} streams that stood still were read within an hour, the slowest after ${Math.ceil(afterOutages.slowestMs / minute)} min; ${number(afterOutages.ended)} more wait for a person by then`,
    `Limits overstepped, by the platforms' own count: ${
      Object.entries(violations)
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', ') || 'none'
    }`,
    ...(full.length > 0 ? ['More than a tenth of a limit at a time, in the background:', ...full] : []),
    infeasible.length === 0
      ? 'A tenth of every limit would do if calls were spread evenly.'
      : `More than a tenth is needed however calls are spread: ${infeasible.map(([quota, share]) => `${quota} ${percent(share)}`).join(', ')}`,
    ...(excluded.length > 0 ? ['Not counted:', ...excluded] : []),
    differences.length === 0
      ? 'Counted a second time from what the platforms saw: the same.'
      : `COUNTED DIFFERENTLY a second time: ${differences.map((one) => JSON.stringify(one)).join(' ')}`,
  ].join('\n')
}

/** What each number lost, the largest part first, as a share of all that it is measured over, and what of it nobody could have had. */
function lossLines(losses: Scoreboard['losses'], kpis: readonly Kpi[]): string[] {
  return Object.entries(losses).flatMap(([id, causes]) => {
    const { unit, overall } = kpis.find((kpi) => kpi.id === id)!
    const rows = Object.entries(causes).sort(([, one], [, other]) => other - one)
    if (rows.length === 0) return [`${id} lost nothing.`]
    const share = (amount: number) => percent(overall.denominator > 0 ? amount / overall.denominator : 0)
    const platforms = rows.reduce((sum, [cause, amount]) => sum + (isPlatforms(cause) ? amount : 0), 0)
    return [
      `${id} lost, by cause; ${percent(1 - platforms / overall.denominator)} is the most that the platforms let anybody have:`,
      ...rows.map(([cause, amount]) => `  ${share(amount)}  ${amount.toLocaleString('en-US')} ${unit}: ${cause}`),
    ]
  })
}

function line(kpi: Kpi, id: string, name: string, { value, numerator, denominator, whyNone }: Figure): string[] {
  const met = meets(kpi.target, value)
  const target = 'atLeast' in kpi.target ? `≥ ${percent(kpi.target.atLeast)}` : `≤ ${percent(kpi.target.atMost)}`
  const of = `${Math.round(numerator).toLocaleString('en-US')} of ${Math.round(denominator).toLocaleString('en-US')} ${kpi.unit}`
  return [
    id,
    name,
    value === null ? '–' : percent(value),
    `${met === null ? ' ' : met ? '✓' : '✗'} ${target}`,
    whyNone ?? of,
  ]
}

/** To five digits, since what matters is in the last ones, and never rounded up to all of it. */
export function percent(share: number): string {
  const text = (share * 100).toFixed(4).replace(/\.?0+$/, '')
  return `${share < 1 && text === '100' ? '99.9999' : text} %`
}
