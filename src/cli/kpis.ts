import type { Operations } from '@patchbay/sdk'
import type { Command } from './command.ts'
import { table } from './table.ts'

type Kpi = Awaited<ReturnType<Operations['kpis']['read']>>['data'][number]

export const kpis: Command = {
  summary: 'How well this server does what it promises',
  usage: '[--from INSTANT --to INSTANT] [--provider ID]',
  options: {
    from: {
      type: 'string',
      says: 'begin of the window, such as 2026-11-01T00:00:00Z; 28 days before its end when absent',
    },
    to: { type: 'string', says: 'its end; now when absent' },
    provider: { type: 'string', says: 'only this platform' },
  },
  async run({ options, json, out, client }) {
    const text = (name: string) => options[name] as string | undefined
    const answer = await client().kpis.read({ from: text('from'), to: text('to'), provider: text('provider') })
    if (json) {
      out(JSON.stringify(answer, null, 2))
      return 0
    }
    out(`From ${answer.from} to ${answer.to}\n`)
    out(table(['', '', 'value', 'target', 'met', 'of', ''], answer.data.map(rowOf)))
    const left = answer.data.flatMap((kpi) =>
      kpi.overall.excluded.map(
        ({ reason, count }) => `  ${kpi.id}  ${count.toLocaleString('en-US')} ${kpi.unit}: ${reason}`,
      ),
    )
    if (left.length > 0) out(`\nNot counted:\n${left.join('\n')}`)
    return 0
  },
}

function rowOf(kpi: Kpi): (string | number | null)[] {
  const { overall, target } = kpi
  const { numerator, denominator } = overall
  const wanted = target.atLeast === null ? `≤ ${percent(target.atMost)}` : `≥ ${percent(target.atLeast)}`
  const of = `${Math.round(numerator).toLocaleString('en-US')} of ${Math.round(denominator).toLocaleString('en-US')} ${kpi.unit}`
  return [
    kpi.id,
    kpi.name,
    percent(overall.value),
    wanted,
    overall.met === null ? '–' : overall.met ? 'yes' : 'no',
    denominator > 0 ? of : '',
    overall.whyNone ?? '',
  ]
}

/** Never rounded up to all of it. */
function percent(share: number | null): string {
  if (share === null) return '–'
  const rounded = (share * 100).toFixed(3)
  return `${share < 1 && rounded === '100.000' ? '99.999' : rounded.replace(/\.?0+$/, '')} %`
}
