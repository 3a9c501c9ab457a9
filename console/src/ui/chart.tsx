import { ChartLine, Table2 } from 'lucide-react'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { reasonSays } from '../words/null-reasons.ts'
import { noNumber, numberText, shortNumber } from '../words/numbers.ts'
import { dayText } from '../words/times.ts'
import { Button } from './button.tsx'
import { DataTable } from './data-table.tsx'
import { type DayPoint, everyDay, lonely, splitFinal } from './day-series.ts'
import { useShownTheme } from './theme.ts'

export interface ChartProps {
  readonly label: string
  readonly points: readonly DayPoint[]
  readonly unit: string
  /** Amounts inside a day are bars from zero; states and counters are a line. */
  readonly look: 'line' | 'bars'
  /** A CSS variable, such as `--cable-3`. */
  readonly color: string
  readonly from?: string
  readonly to?: string
  /** Leads to where the number of a day comes from. */
  readonly explain?: (day: string) => void
}

/**
 * One metric of one account over days. Days that the platform may still correct are dashed or hatched; days without a number are gaps. The same as a
 * table, for those who do not see it and for exact values.
 */
export function Chart(props: ChartProps) {
  const [asTable, setAsTable] = useState(false)
  const { points, from, to } = props
  const days = useMemo(() => everyDay(points, { from, to }), [points, from, to])
  const provisional = days.some((day) => !day.final)
  const gaps = days.filter((day) => day.value === null).length
  const begins = days[0] !== undefined && from !== undefined && days[0].day > from ? days[0].day : null
  return (
    <figure className="min-w-0">
      {asTable ? <DayTable {...props} days={days} /> : <Plot {...props} days={days} />}
      <figcaption className="mt-1 flex flex-wrap items-center justify-between gap-x-4 gap-y-1 text-sm text-soft">
        <span className="flex flex-wrap gap-x-4">
          {provisional && (
            <span className="inline-flex items-center gap-1.5">
              {props.look === 'bars' ? (
                <span aria-hidden="true" className="hatched inline-block h-3 w-5 rounded-sm border border-current" />
              ) : (
                <span aria-hidden="true" className="inline-block w-6 border-t-2 border-dashed border-current" />
              )}
              the platform may still correct these days
            </span>
          )}
          {begins && <span>read since {dayText(begins)}</span>}
          {gaps > 0 && <span>{gaps === 1 ? '1 day without a number' : `${gaps} days without a number`}</span>}
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

function Plot(props: ChartProps & { days: readonly DayPoint[] }) {
  const { days, unit, look, color, explain, label } = props
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
    const plot = new uPlot(
      {
        ...optionsOf(element, { days, unit, look, color }),
        hooks: { setCursor: [(u) => setHovered(u.cursor.idx ?? null)] },
      },
      dataOf(days, look),
      element,
    )
    const onClick = () => {
      const day = days[plot.cursor.idx ?? -1]
      if (day && day.reason !== 'absent') explaining.current?.(day.day)
    }
    plot.over.addEventListener('click', onClick)
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      plot.destroy()
    }
  }, [days, unit, look, color, theme])

  const shown = hovered === null ? lastKnown(days) : days[hovered]
  return (
    <>
      <div id={readout} className="flex min-h-6 flex-wrap items-baseline gap-x-2 text-sm">
        {shown && (
          <>
            <span className="text-soft">{dayText(shown.day)}</span>
            <span className="number font-semibold">
              {shown.value === null ? noNumber : numberText(shown.value, unit)}
            </span>
            <span className="text-soft">
              {shown.value === null ? wordsFor(shown.reason) : shown.final ? '' : 'provisional'}
            </span>
          </>
        )}
      </div>
      <div
        ref={host}
        role="img"
        aria-label={`${label}, ${days.length} days. Switch to the table for the values.`}
        className={explain ? 'w-full cursor-pointer' : 'w-full'}
        style={{ height }}
      />
    </>
  )
}

function DayTable(props: ChartProps & { days: readonly DayPoint[] }) {
  const { unit, explain } = props
  const rows = useMemo(() => props.days.toReversed(), [props.days])
  const [most, setMost] = useState(60)
  return (
    <>
      <DataTable
        caption={props.label}
        rows={rows.slice(0, most)}
        rowKey={({ day }) => day}
        columns={[
          { name: 'Day', cell: ({ day }) => <time dateTime={day}>{dayText(day)}</time> },
          {
            name: 'Value',
            right: true,
            cell: ({ value }) =>
              value === null ? <span className="text-soft">{noNumber}</span> : numberText(value, unit),
          },
          {
            name: 'Standing',
            cell: ({ value, final, reason }) => (value === null ? wordsFor(reason) : final ? 'final' : 'provisional'),
          },
          ...(explain
            ? [
                {
                  name: 'Source',
                  cell: ({ day, reason }: DayPoint) =>
                    reason === 'absent' ? null : (
                      <Button
                        look="quiet"
                        small
                        onClick={() => explain(day)}
                        aria-label={`Where the number of ${dayText(day)} comes from`}
                      >
                        Where from?
                      </Button>
                    ),
                },
              ]
            : []),
        ]}
      />
      {rows.length > most && (
        <Button small className="mt-2" onClick={() => setMost(most + 365)}>
          Earlier days
        </Button>
      )}
    </>
  )
}

const height = 190

const wordsFor = (reason: string | null) => (reason === 'absent' ? 'nothing was read' : reasonSays(reason))

function lastKnown(days: readonly DayPoint[]): DayPoint | undefined {
  return days.findLast((day) => day.value !== null)
}

function dataOf(days: readonly DayPoint[], look: ChartProps['look']): uPlot.AlignedData {
  const { final, provisional } = splitFinal(days, look === 'line')
  return [days.map(({ day }) => Date.parse(`${day}T00:00:00Z`) / 1000), final, provisional]
}

function optionsOf(
  element: HTMLElement,
  props: { days: readonly DayPoint[]; unit: string; look: ChartProps['look']; color: string },
): uPlot.Options {
  const { days, unit, look } = props
  const color = resolved(element, props.color)
  const soft = resolved(element, '--soft')
  const line = resolved(element, '--line')
  const font = `12px ${getComputedStyle(element).fontFamily}`
  const { final, provisional } = splitFinal(days, look === 'line')
  const dots = (values: readonly (number | null)[]): uPlot.Series.Points => ({
    show: true,
    size: 5,
    fill: color,
    stroke: color,
    filter: () =>
      days.length <= 2 ? values.flatMap((value, index) => (value === null ? [] : [index])) : lonely(values),
  })
  const bars = uPlot.paths.bars?.({ size: [0.72, 28], radius: 0.1 })
  return {
    width: element.clientWidth,
    height,
    padding: [10, 26, 0, 0],
    // A day is a name here and not a moment: whatever zone the reader is in, the label stays that day.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, points: { size: 8, fill: color, stroke: color } },
    scales: {
      x: { time: true, range: (_, low, high) => [low - 43_200, high + 43_200] },
      y: {
        // The first place is at the top.
        dir: unit === 'rank' ? -1 : 1,
        range: (_, low, high) => {
          if (low === null || high === null) return [0, 1]
          if (unit === 'rank') return [Math.max(0, low - 1), high + 1]
          if (look === 'bars') return [Math.min(0, low), high > 0 ? high * 1.08 : 1]
          const room = (high - low) * 0.12 || Math.max(1, Math.abs(high) * 0.02)
          return [low >= 0 ? Math.max(0, low - room) : low - room, high + room]
        },
      },
    },
    axes: [
      {
        stroke: soft,
        font,
        grid: { show: false },
        ticks: { stroke: line, width: 1, size: 5 },
        values: dayLabels,
        space: (_self, _axis, _low, _high, room) => (room < 320 ? 50 : 70),
        size: 34,
      },
      {
        stroke: soft,
        font,
        grid: { stroke: line, width: 1 },
        ticks: { show: false },
        size: 58,
        values: (_, splits) => splits.map((value) => shortNumber(value, unit)),
      },
    ],
    series: [
      {},
      look === 'bars'
        ? { label: 'final', paths: bars, fill: color, stroke: color, width: 0, points: { show: false } }
        : { label: 'final', stroke: color, width: 2, points: dots(final) },
      look === 'bars'
        ? { label: 'provisional', paths: bars, fill: hatch(color), stroke: color, width: 1, points: { show: false } }
        : { label: 'provisional', stroke: color, width: 2, dash: [4, 4], points: dots(provisional) },
    ],
  }
}

const dayLabels: uPlot.Axis.DynamicValues = (_, splits, _axis, _space, increment) => {
  const months = increment >= 27 * 86_400
  const month = new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', month: 'short' })
  const day = new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', month: 'short', day: 'numeric' })
  return splits.map((seconds) => {
    const at = new Date(seconds * 1000)
    if (!months) return day.format(at)
    return at.getUTCMonth() === 0 ? String(at.getUTCFullYear()) : month.format(at)
  })
}

function resolved(element: HTMLElement, variable: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${variable})`
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

function hatch(color: string): (plot: uPlot) => CanvasPattern | string {
  return (plot) => {
    const size = 6 * devicePixelRatio
    const tile = document.createElement('canvas')
    tile.width = size
    tile.height = size
    const pen = tile.getContext('2d')
    if (!pen) return color
    pen.strokeStyle = color
    pen.lineWidth = size / 3.4
    pen.beginPath()
    for (const shift of [-size, 0, size]) {
      pen.moveTo(shift, size)
      pen.lineTo(shift + size, 0)
    }
    pen.stroke()
    return plot.ctx.createPattern(tile, 'repeat') ?? color
  }
}
