import type { Connection } from '../../data/manifest.ts'
import { RelativeTime, useNow } from '../../ui/relative-time.tsx'

const soonMs = 14 * 86_400_000

/**
 * The clocks of a connection. The access token is renewed by Patchbay and its end is nobody's worry; the other two end access for good unless the
 * owner consents again.
 */
export function Clocks({ clocks }: { clocks: Connection['clocks'] }) {
  return (
    <dl className="grid gap-px overflow-hidden rounded-xl border border-line bg-line sm:grid-cols-3">
      <Clock name="Access token" at={clocks.access} says="renewed by Patchbay in time" none="has no end" calm />
      <Clock name="Renewal" at={clocks.refresh} says="then the owner consents again" none="has no end" />
      <Clock name="Data access" at={clocks.dataAccess} says="then the owner consents again" none="has no end" />
    </dl>
  )
}

function Clock(props: { name: string; at: string | null; says: string; none: string; calm?: boolean }) {
  const now = useNow()
  const near = props.at !== null && !props.calm && Date.parse(props.at) - now < soonMs
  return (
    <div className={near ? 'bg-warn-ground px-4 py-3' : 'bg-panel px-4 py-3'}>
      <dt className="strip">{props.name}</dt>
      <dd className={near ? 'font-semibold text-warn' : 'font-medium'}>
        {props.at === null ? (
          <span className="font-normal text-soft">{props.none}</span>
        ) : (
          <>
            ends <RelativeTime at={props.at} />
          </>
        )}
      </dd>
      {props.at !== null && <dd className="text-sm text-soft">{props.says}</dd>}
    </div>
  )
}
