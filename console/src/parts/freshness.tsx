import { Badge } from '../ui/badge.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { freshnessBadge } from '../words/states.ts'
import { dayText } from '../words/times.ts'

/** How old: when it was read, and until which day the platform itself knows. Platforms are late, and that is not our lateness. */
export function Freshness(props: {
  freshness: { syncedAt: string | null; dataAsOf?: string | null; badge: string }
  long?: boolean
}) {
  const { syncedAt, dataAsOf, badge } = props.freshness
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2 gap-y-1">
      <Badge state={freshnessBadge(badge)} />
      {syncedAt && (
        <span className="text-sm whitespace-nowrap text-soft">
          {props.long && 'read '}
          <RelativeTime at={syncedAt} />
        </span>
      )}
      {props.long && dataAsOf && (
        <span className="text-sm whitespace-nowrap text-soft">data as of {dayText(dataAsOf)}</span>
      )}
    </span>
  )
}
