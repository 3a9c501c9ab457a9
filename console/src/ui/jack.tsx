import type { Shape, Tone } from '../words/states.ts'

export const toneText: Record<Tone, string> = {
  good: 'text-good',
  warn: 'text-warn',
  bad: 'text-bad',
  info: 'text-info',
  quiet: 'text-soft',
}
export const toneGround: Record<Tone, string> = {
  good: 'bg-good-ground text-good',
  warn: 'bg-warn-ground text-warn',
  bad: 'bg-bad-ground text-bad',
  info: 'bg-info-ground text-info',
  quiet: 'bg-sunken text-soft',
}

/** A socket of the panel. Its drawing says the state without any colour. */
export function Jack({ shape, size = 14 }: { shape: Shape; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" className="shrink-0" fill="none">
      {drawings[shape]}
    </svg>
  )
}

const ring = <circle cx="8" cy="8" r="6.2" stroke="currentColor" strokeWidth="1.6" />
const drawings: Record<Shape, React.ReactNode> = {
  plugged: (
    <>
      {ring}
      <circle cx="8" cy="8" r="3.4" fill="currentColor" />
    </>
  ),
  partial: (
    <>
      {ring}
      <path d="M8 4.2a3.8 3.8 0 0 1 0 7.6z" fill="currentColor" />
    </>
  ),
  alert: (
    <>
      <path d="M8 1.4 15 14H1z" stroke="currentColor" strokeWidth="1.6" strokeLinejoin="round" />
      <path d="M8 6v3.6M8 11.4v.8" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
    </>
  ),
  crossed: (
    <>
      <rect x="1.8" y="1.8" width="12.4" height="12.4" rx="2.4" stroke="currentColor" strokeWidth="1.6" />
      <path d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
    </>
  ),
  waiting: (
    <>
      {ring}
      <path d="M8 4.6V8l2.4 1.6" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" />
    </>
  ),
  paused: (
    <>
      {ring}
      <path d="M6.3 5.6v4.8M9.7 5.6v4.8" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
    </>
  ),
  empty: <circle cx="8" cy="8" r="6.2" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2.6 2.3" />,
  moving: (
    <g className="[transform-origin:center] [animation:turn_1.6s_linear_infinite]">
      <circle
        cx="8"
        cy="8"
        r="6.2"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeDasharray="28 11"
        strokeLinecap="round"
      />
      <circle cx="8" cy="8" r="2" fill="currentColor" />
    </g>
  ),
}

/** The mark of a platform: a socket in the colour of its cable, with its first letter. Logos are other people's. */
export function CableMark({ name, cable, size = 28 }: { name: string; cable: number; size?: number }) {
  return (
    <span
      aria-hidden="true"
      className="inline-grid shrink-0 place-items-center rounded-full border-2 bg-raised font-mono font-semibold"
      style={{
        width: size,
        height: size,
        fontSize: size * 0.4,
        borderColor: `var(--cable-${cable})`,
        color: `var(--cable-${cable})`,
      }}
    >
      {[...name][0]?.toUpperCase()}
    </span>
  )
}
