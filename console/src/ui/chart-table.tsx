import { useMemo, useState } from 'react'
import { reasonSays, reasonShort } from '../words/null-reasons.ts'
import { changeText, noNumber, numberText, shareChangeText } from '../words/numbers.ts'
import { type Against, againstText, coverageText, periodText, type Step } from '../words/periods.ts'
import { Button } from './button.tsx'
import { type Column, DataTable } from './data-table.tsx'
import { breaksOf, type DayPoint } from './day-series.ts'
import { NumberStanding } from './number-standing.tsx'
import { partOf } from './plot.ts'
import { Hint } from './relative-time.tsx'

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** A chart's values, newest first, a page at a time. */
export function ChartTable(props: {
  label: string
  days: readonly DayPoint[]
  unit: string
  step: Step
  against?: Against
  explain?: (day: string) => void
}) {
  const { unit, step, against, explain } = props
  const rows = useMemo(() => props.days.toReversed(), [props.days])
  const breaks = useMemo(() => new Set(breaksOf(props.days).map(({ day }) => day)), [props.days])
  const [most, setMost] = useState(60)
  const columns: Column<DayPoint>[] = [
    {
      name: capital(step),
      className: 'whitespace-nowrap',
      cell: ({ day }) => (
        <>
          <time dateTime={day}>{periodText(day, step)}</time>
          {breaks.has(day) && <span className="block text-sm text-warn">counted anew from here on</span>}
        </>
      ),
    },
    {
      name: 'Value',
      right: true,
      cell: ({ value }) => (value === null ? <span className="text-soft">{noNumber}</span> : numberText(value, unit)),
    },
    ...(against ? besideColumns(unit, step, against) : []),
    {
      name: 'Standing',
      className: 'whitespace-nowrap',
      cell: (point) => <NumberStanding {...point} />,
    },
    ...(step === 'day' ? [] : [coverageColumn(unit, step)]),
  ]
  if (explain) columns.push(sourceColumn(step, explain))
  return (
    <>
      <DataTable caption={props.label} rows={rows.slice(0, most)} rowKey={({ day }) => day} columns={columns} pinned />
      {rows.length > most && (
        <Button small className="mt-2" onClick={() => setMost(most + 365)}>
          Earlier {step}s
        </Button>
      )}
    </>
  )
}

function besideColumns(unit: string, step: Step, against: Against): Column<DayPoint>[] {
  return [
    {
      name: capital(againstText(against, step)),
      right: true,
      cell: ({ beside }) =>
        typeof beside?.value === 'number' ? (
          numberText(beside.value, unit)
        ) : (
          <span className="text-soft">{noNumber}</span>
        ),
    },
    {
      name: 'Change',
      right: true,
      cell: ({ beside }) =>
        !beside ? (
          <span className="text-soft">{noNumber}</span>
        ) : beside.change === null ? (
          <Hint says={reasonSays(beside.reason)}>
            <button type="button" className="cursor-help text-sm text-soft">
              none: {reasonShort(beside.reason)}
            </button>
          </Hint>
        ) : (
          <>
            {changeText(beside.change, unit)}
            {beside.ratio !== null && <span className="text-soft"> {shareChangeText(beside.ratio)}</span>}
          </>
        ),
    },
  ]
}

function coverageColumn(unit: string, step: Step): Column<DayPoint> {
  return {
    name: 'Coverage',
    className: 'min-w-56 text-sm text-soft',
    cell: (point) => {
      if (!point.coverage) return null
      const part = partOf(point)
      return (
        <>
          {coverageText(point.coverage, { day: point.day, step })}
          {part !== null && <span className="block">so far {numberText(part, unit)}</span>}
        </>
      )
    },
  }
}

function sourceColumn(step: Step, explain: (day: string) => void): Column<DayPoint> {
  return {
    name: step === 'day' ? 'Source' : 'Days',
    cell: ({ day, reason }) =>
      reason === 'absent' ? null : (
        <Button
          look="quiet"
          small
          onClick={() => explain(day)}
          aria-label={
            step === 'day'
              ? `Where the number of ${periodText(day, step)} comes from`
              : `The days of ${periodText(day, step)}`
          }
        >
          {step === 'day' ? 'Where from?' : 'Its days'}
        </Button>
      ),
  }
}
