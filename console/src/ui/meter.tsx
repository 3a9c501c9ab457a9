import { percentUsed } from '../words/numbers.ts'

/** How much of a limit is used. The last tenth is red, the last quarter amber; the text says it, too. */
export function Meter({ used, limit, label }: { used: number; limit: number; label: string }) {
  const percent = percentUsed(used, limit)
  const tone = percent >= 90 ? 'text-bad' : percent >= 75 ? 'text-warn' : 'text-accent'
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers draw <meter> in colours of their own
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.min(100, percent)}
      aria-valuetext={`${percent}% used`}
      className="h-2 w-full min-w-16 overflow-hidden rounded-full bg-sunken ring-1 ring-line"
    >
      <div className={`h-full rounded-full bg-current ${tone}`} style={{ width: `${Math.min(100, percent)}%` }} />
    </div>
  )
}
