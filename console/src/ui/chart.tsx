import { ChartLine, Table2 } from 'lucide-react'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { reasonSays, reasonShort } from '../words/null-reasons.ts'
import { changeText, countText, noNumber, numberText, shareChangeText } from '../words/numbers.ts'
import { type Against, againstText, coverageText, periodText, type Step } from '../words/periods.ts'
import { Button } from './button.tsx'
import { ChartTable } from './chart-table.tsx'
import { breaksOf, type DayPoint, everyPeriod } from './day-series.ts'
import { type Drawn, dataOf, optionsOf, partOf, plotHeight } from './plot.ts'
import { useShownTheme } from './theme.ts'

export interface ChartProps extends Omit<Drawn, 'days' | 'step'> {
  readonly label: string
  readonly points: readonly DayPoint[]
  readonly from?: string
  readonly to?: string
  readonly step?: Step
  /** The points have an earlier period beside them. */
  readonly against?: Against
  /** Leads to where the number of a day comes from, or to the days of a week. */
  readonly explain?: (day: string) => void
}

/**
 * One metric of one account over days, weeks or months. What the platform may still correct is dashed or hatched; what has no number is a gap, and where the
 * way of counting changed, the line breaks. The same as a table, for those who do not see it and for exact values.
 */
export function Chart(props: ChartProps) {
  const [asTable, setAsTable] = useState(false)
  const { points, from, to, step = 'day' } = props
  const days = useMemo(() => everyPeriod(points, { from, to }, step), [points, from, to, step])
  const legend = useMemo(() => legendOf(days, { step, from, look: props.look }), [days, step, from, props.look])
  return (
    <figure className="min-w-0">
      {asTable ? <ChartTable {...props} step={step} days={days} /> : <Plot {...props} step={step} days={days} />}
      <figcaption className="mt-1 flex flex-wrap items-start justify-between gap-x-4 gap-y-1 text-sm text-soft">
        <span className="flex min-w-0 flex-1 basis-48 flex-wrap gap-x-4 gap-y-0.5">
          {legend.provisional && (
            <span className="inline-flex items-center gap-1.5">
              {props.look === 'bars' ? (
                <span aria-hidden="true" className="hatched inline-block h-3 w-5 rounded-sm border border-current" />
              ) : (
                <span aria-hidden="true" className="inline-block w-6 border-t-2 border-dashed border-current" />
              )}
              the platform may still correct these
            </span>
          )}
          {legend.parts && (
            <span className="inline-flex items-center gap-1.5">
              <span
                aria-hidden="true"
                className="inline-block h-3 w-5 rounded-sm border border-dotted border-current"
              />
              what is known so far, not the whole
            </span>
          )}
          {props.against && (
            <span className="inline-flex items-center gap-1.5">
              <span aria-hidden="true" className="inline-block w-6 border-t-2 border-soft" />
              {againstText(props.against, step)}
            </span>
          )}
          {legend.begins && <span>read since {periodText(legend.begins, step)}</span>}
          {legend.gaps > 0 && <span>{countText(legend.gaps, step)} without a number</span>}
          {legend.breaks.map(({ day, from: before, to: after }) => (
            <span key={day} className="basis-full text-ink">
              <span aria-hidden="true">┊ </span>
              {periodText(day, step)}: the platform changed how it counts
              {before !== null && after !== null && (
                <>
                  {' '}
                  (<code className="text-xs">{before}</code> → <code className="text-xs">{after}</code>)
                </>
              )}
              . Before and after do not compare, so growth stops there.
            </span>
          ))}
        </span>
        <Button
          look="quiet"
          small
          aria-pressed={asTable}
          icon={asTable ? <ChartLine size={15} aria-hidden /> : <Table2 size={15} aria-hidden />}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? 'As a chart' : 'As a table'}
        </Button>
      </figcaption>
    </figure>
  )
}

/** What the words under the chart speak of. */
function legendOf(days: readonly DayPoint[], more: { step: Step; from?: string; look: Drawn['look'] }) {
  return {
    provisional: days.some(({ final, value }) => !final && value !== null),
    parts: more.look === 'bars' && days.some((day) => partOf(day) !== null),
    gaps: days.filter(({ value }) => value === null).length,
    breaks: breaksOf(days),
    begins: more.step === 'day' && days[0] && more.from !== undefined && days[0].day > more.from ? days[0].day : null,
  }
}

function Plot(props: ChartProps & { days: readonly DayPoint[]; step: Step }) {
  const { days, unit, look, color, step, explain, label } = props
  const host = useRef<HTMLDivElement>(null)
  const [hovered, setHovered] = useState<number | null>(null)
  const theme = useShownTheme()
  const readout = useId()
  const explaining = useRef(explain)
  explaining.current = explain

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes what the colours resolve to
  useEffect(() => {
    const element = host.current
    if (!element) return
    const options = optionsOf(element, { days, unit, look, color, step })
    const plot = new uPlot(
      { ...options, hooks: { ...options.hooks, setCursor: [(u) => setHovered(u.cursor.idx ?? null)] } },
      dataOf({ days, look }),
      element,
    )
    const onClick = () => {
      const day = days[plot.cursor.idx ?? -1]
      if (day && day.reason !== 'absent') explaining.current?.(day.day)
    }
    plot.over.addEventListener('click', onClick)
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: plotHeight }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      plot.destroy()
    }
  }, [days, unit, look, color, step, theme])

  const shown = hovered === null ? lastKnown(days) : days[hovered]
  return (
    <>
      <div id={readout} className="flex min-h-6 flex-wrap items-baseline gap-x-2 text-sm">
        {shown && <Readout point={shown} unit={unit} step={step} against={props.against} />}
      </div>
      <div
        ref={host}
        role="img"
        aria-label={`${label}, ${countText(days.length, step)}. Switch to the table for the values.`}
        className={explain ? 'w-full cursor-pointer' : 'w-full'}
        style={{ height: plotHeight }}
      />
    </>
  )
}

/** One period in a line: its number, or in words why it has none, and beside it the earlier one. */
function Readout(props: { point: DayPoint; unit: string; step: Step; against: Against | undefined }) {
  const { point, unit, step, against } = props
  const part = partOf(point)
  return (
    <>
      <span className="text-soft">{periodText(point.day, step)}</span>
      <span className="number font-semibold">{point.value === null ? noNumber : numberText(point.value, unit)}</span>
      <span className="text-soft">
        {point.value === null ? whyNone(point.reason) : point.final ? '' : 'provisional'}
        {part !== null && ` So far ${numberText(part, unit)}.`}
        {point.coverage && !point.coverage.complete && ` ${coverageText(point.coverage, { day: point.day, step })}.`}
      </span>
      {against && point.beside && (
        <span className="text-soft">
          {againstText(against, step)} {point.beside.value === null ? noNumber : numberText(point.beside.value, unit)}
          {point.beside.change === null
            ? `, no change: ${reasonShort(point.beside.reason)}`
            : `, ${changeText(point.beside.change, unit)}`}
          {point.beside.ratio !== null && ` (${shareChangeText(point.beside.ratio)})`}
        </span>
      )}
    </>
  )
}

const whyNone = (reason: string | null) => (reason === 'absent' ? 'nothing was read' : reasonSays(reason))

function lastKnown(days: readonly DayPoint[]): DayPoint | undefined {
  return days.findLast((day) => day.value !== null) ?? days.findLast(({ reason }) => reason !== 'absent')
}
