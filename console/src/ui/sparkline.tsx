/** A few amounts beside each other, without axes: the rows of the last runs. A run that brought nothing is a stub. */
export function Sparkline(props: { values: readonly number[]; label: string; width?: number; height?: number }) {
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
