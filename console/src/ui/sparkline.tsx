/** The course of a few values, without axes. A null is a gap and never a zero. */
export function Sparkline(props: {
  values: readonly (number | null)[]
  label: string
  width?: number
  height?: number
  color?: string
}) {
  const { values, width = 120, height = 28, color = 'currentColor' } = props
  const known = values.filter((value) => value !== null)
  if (known.length < 2) return null
  const low = Math.min(...known)
  const high = Math.max(...known)
  const x = (index: number) => 2 + (index / Math.max(1, values.length - 1)) * (width - 4)
  const y = (value: number) => (high === low ? height / 2 : 2 + (1 - (value - low) / (high - low)) * (height - 4))
  const path = values
    .map((value, index) => {
      if (value === null) return ''
      const starts = index === 0 || values[index - 1] === null
      return `${starts ? 'M' : 'L'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`
    })
    .join('')
  const last = values.findLastIndex((value) => value !== null)
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={props.label}
      fill="none"
      className="max-w-full"
    >
      <path d={path} stroke={color} strokeWidth="1.75" strokeLinejoin="round" strokeLinecap="round" />
      <circle cx={x(last)} cy={y(values[last]!)} r="2.5" fill={color} />
    </svg>
  )
}

/** Amounts beside each other, such as the rows of the last runs. */
export function SparkBars(props: { values: readonly number[]; label: string; width?: number; height?: number }) {
  const { values, width = 96, height = 22 } = props
  if (values.length === 0) return null
  const high = Math.max(...values, 1)
  const step = width / Math.max(values.length, 12)
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={props.label}
      className="text-accent"
    >
      {values.map((value, index) => {
        const size = value === 0 ? 1.5 : Math.max(2, (value / high) * (height - 2))
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: bars have no other name than their place
            key={index}
            x={index * step}
            y={height - size}
            width={Math.max(1.5, step - 1.5)}
            height={size}
            fill="currentColor"
            opacity={value === 0 ? 0.4 : 1}
          />
        )
      })}
    </svg>
  )
}
