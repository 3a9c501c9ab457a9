import type { Operations } from '@patchbay/sdk'
import { Badge } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'
import { noNumber, numberText } from '../../words/numbers.ts'
import { detailText, shareText } from '../../words/shares.ts'
import type { StateWords } from '../../words/states.ts'

type Kpi = Awaited<ReturnType<Operations['kpis']['read']>>['data'][number]
type Figure = Kpi['overall']

/** One number: value and target, what it was counted from, what was left out, and the same by platform. */
export function KpiCard({ kpi, nameOf }: { kpi: Kpi; nameOf: (provider: string) => string }) {
  const { id, name, says, overall, unit, notMeasured } = kpi
  const providers = Object.entries(kpi.providers)
  return (
    <Card label={`${id} · ${name}`} more={<Badge state={standing(overall.met)} />} className="h-full">
      <p className="number text-3xl font-semibold">{overall.value === null ? noNumber : shareText(overall.value)}</p>
      <p className="text-soft">{targetText(kpi)}</p>
      <p className="mt-2">{overall.whyNone ?? countedText(overall, unit)}</p>
      {overall.excluded.length > 0 && (
        <>
          <h3 className="strip mt-4">Not counted</h3>
          <ul className="mt-1 text-sm text-soft">
            {overall.excluded.map(({ reason, count }) => (
              <li key={reason}>
                <span className="number">{numberText(count, 'count')}</span> {unit}: {reason}
              </li>
            ))}
          </ul>
        </>
      )}
      {providers.length > 1 && (
        <>
          <h3 className="strip mt-4">By platform</h3>
          <ul className="mt-1 divide-y divide-line text-sm">
            {providers.map(([provider, figure]) => (
              <li key={provider} className="flex flex-wrap justify-between gap-x-4 py-1.5">
                <span className="font-medium">{nameOf(provider)}</span>
                <span className={`number ${figure.met === false ? 'text-bad' : ''}`}>
                  {figure.value === null ? noNumber : shareText(figure.value)}
                  {figure.met === false && <span className="sr-only"> missed</span>}
                </span>
                <span className="w-full text-soft">{figure.whyNone ?? countedText(figure, unit)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <details className="mt-4 text-sm text-soft">
        <summary className="cursor-pointer py-1 font-medium text-ink">What is counted</summary>
        <p>{says}</p>
        {notMeasured && <p className="mt-1">Not measured: {notMeasured}</p>}
        <Details kpi={id} details={overall.details} />
      </details>
    </Card>
  )
}

function Details({ kpi, details }: Pick<Figure, 'details'> & { kpi: string }) {
  const known = Object.entries(details).filter((entry): entry is [string, number] => entry[1] !== null)
  if (known.length === 0) return null
  return (
    <dl className="mt-2 grid grid-cols-[minmax(0,1fr)_auto] gap-x-4">
      {known.map(([name, value]) => (
        <div key={name} className="contents">
          <dt>{plainName(name)}</dt>
          <dd className="number text-ink">{detailText(kpi, name, value)}</dd>
        </div>
      ))}
    </dl>
  )
}

/** `withinAnHour` → `within an hour`. */
const plainName = (name: string) =>
  name
    .replace(/Ms$/, '')
    .replaceAll('_', ' ')
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const countedText = ({ numerator, denominator }: Figure, unit: string) =>
  `${numberText(Math.round(numerator), 'count')} of ${numberText(Math.round(denominator), 'count')} ${unit}`

function targetText({ target }: Kpi): string {
  if (target.atLeast !== null) return `Should be ${shareText(target.atLeast)} or more.`
  return `Should be ${shareText(target.atMost ?? 0)} or less.`
}

function standing(met: boolean | null): StateWords {
  if (met === null) return { name: 'Not known', says: 'There is nothing to count yet.', shape: 'empty', tone: 'quiet' }
  return met
    ? { name: 'Met', says: 'It is what it should be.', shape: 'plugged', tone: 'good' }
    : { name: 'Missed', says: 'It is not what it should be.', shape: 'alert', tone: 'bad' }
}
