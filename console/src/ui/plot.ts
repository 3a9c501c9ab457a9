import uPlot from 'uplot'
import { shortNumber } from '../words/numbers.ts'
import type { Step } from '../words/periods.ts'
import { axisSteps, dayLabels, weekSplits } from './day-axis.ts'
import { breaksOf, type DayPoint, lonely, splitFinal } from './day-series.ts'

export const plotHeight = 190

/** What is drawn, and how. */
export interface Drawn {
  readonly days: readonly DayPoint[]
  readonly unit: string
  readonly look: 'line' | 'bars'
  /** A CSS variable, such as `--cable-3`. */
  readonly color: string
  readonly step: Step
}

/** The known part of a sum that is not whole, where it may be drawn: hollow, and never as the value. */
export const partOf = ({ value, coverage, known }: DayPoint): number | null =>
  value === null ? (coverage?.soFar ?? known ?? null) : null

export function dataOf({ days, look }: Pick<Drawn, 'days' | 'look'>): uPlot.AlignedData {
  const { final, provisional } = splitFinal(days, look === 'line')
  return [
    days.map(({ day }) => Date.parse(`${day}T00:00:00Z`) / 1000),
    final,
    provisional,
    look === 'bars' ? days.map(partOf) : days.map(() => null),
    days.map(({ beside }) => beside?.value ?? null),
  ]
}

const halfSeconds: Record<Step, number> = { day: 43_200, week: 302_400, month: 1_296_000 }

export function optionsOf(element: HTMLElement, props: Drawn): uPlot.Options {
  const { days, unit, look, step } = props
  const color = resolved(element, props.color)
  const soft = resolved(element, '--soft')
  const line = resolved(element, '--line')
  const font = `12px ${getComputedStyle(element).fontFamily}`
  const { final, provisional } = splitFinal(days, look === 'line')
  const breaks = breaksOf(days)
  const besideBreaks = breaks.flatMap(({ index }) => [index - 1, index])
  const half = halfSeconds[step]
  const dots = (values: readonly (number | null)[]): uPlot.Series.Points => ({
    show: true,
    size: 5,
    fill: color,
    stroke: color,
    filter: () =>
      days.length <= 2
        ? values.flatMap((value, index) => (value === null ? [] : [index]))
        : [...new Set([...lonely(values), ...besideBreaks.filter((index) => (values[index] ?? null) !== null)])].sort(
            (a, b) => a - b,
          ),
  })
  // Before and after a break do not compare, so no line leads across it.
  const gaps: uPlot.Series.GapsRefiner = (plot, _series, first, last, nulls) =>
    [
      ...nulls,
      ...breaks
        .filter(({ index }) => index > first && index <= last)
        .map(({ index }): [number, number] => [placeOf(plot, index - 1), placeOf(plot, index)]),
    ].sort(([a], [b]) => a - b)
  const bars = uPlot.paths.bars?.({ size: [0.72, 28], radius: 0.1 })
  return {
    width: element.clientWidth,
    height: plotHeight,
    padding: [10, 26, 0, 0],
    // A day is a name here and not a moment: whatever zone the reader is in, the label stays that day.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, points: { size: 8, fill: color, stroke: color } },
    scales: {
      x: {
        time: true,
        // From the days themselves: uPlot takes a single one for a span of years.
        range: ({ data: [at] }) => [(at[0] ?? 0) - half, (at.at(-1) ?? 0) + half],
      },
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
        values: (_, marks) => dayLabels(marks, step),
        incrs: axisSteps[step],
        ...(step === 'week' && { splits: ({ data: [at] }, _axis, _low, _high, apart) => weekSplits([...at], apart) }),
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
        : { label: 'final', stroke: color, width: 2, points: dots(final), gaps },
      look === 'bars'
        ? { label: 'provisional', paths: bars, fill: hatch(color), stroke: color, width: 1, points: { show: false } }
        : { label: 'provisional', stroke: color, width: 2, dash: [4, 4], points: dots(provisional), gaps },
      { label: 'part', paths: bars, stroke: color, width: 1, dash: [2, 3], points: { show: false } },
      {
        label: 'earlier',
        stroke: soft,
        width: 1.5,
        points: { ...dots(days.map(({ beside }) => beside?.value ?? null)), fill: soft, stroke: soft, size: 4 },
      },
    ],
    hooks: {
      draw: [
        (plot) => {
          const { ctx, bbox } = plot
          ctx.save()
          ctx.strokeStyle = soft
          ctx.lineWidth = devicePixelRatio
          ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio])
          for (const { index } of breaks) {
            const x = (placeOf(plot, index - 1) + placeOf(plot, index)) / 2
            ctx.beginPath()
            ctx.moveTo(x, bbox.top)
            ctx.lineTo(x, bbox.top + bbox.height)
            ctx.stroke()
          }
          ctx.restore()
        },
      ],
    },
  }
}

/** Where a point stands on the canvas. */
const placeOf = (plot: uPlot, index: number) => Math.round(plot.valToPos(plot.data[0][index] ?? 0, 'x', true))

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
