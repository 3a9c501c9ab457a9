/** Two sockets and the cable between them. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true" className="shrink-0">
      <rect x="0.5" y="0.5" width="31" height="31" rx="8" fill="#20221f" stroke="#3a3d37" />
      <path d="M10 12C10 26 22 26 22 20" stroke="#4fc3ae" strokeWidth="3" strokeLinecap="round" />
      {[
        [10, 11],
        [22, 19],
      ].map(([x, y]) => (
        <g key={x}>
          <circle cx={x} cy={y} r="5" fill="#131412" stroke="#e9e6dc" strokeWidth="2" />
          <circle cx={x} cy={y} r="1.8" fill="#4fc3ae" />
        </g>
      ))}
    </svg>
  )
}
