import type { Connection } from '../../data/manifest.ts'
import { RelativeTime, useNow } from '../../ui/relative-time.tsx'

const soonMs = 14 * 86_400_000

/**
 * The clocks of a connection. Some are put off by Patchbay as long as it is connected, and their end is nobody's worry; one that only the owner can put
 * off ends access, and says so.
 */
export function Clocks({ clocks, endsAt }: Pick<Connection, 'clocks' | 'endsAt'>) {
  return (
    <dl className="grid gap-px overflow-hidden rounded-xl border border-line bg-line sm:grid-cols-3">
      <Clock name="Access token" at={clocks.access} endsAt={endsAt} />
      <Clock name="Renewal" at={clocks.refresh} endsAt={endsAt} />
      <Clock name="Data access" at={clocks.dataAccess} endsAt={endsAt} />
    </dl>
  )
}

function Clock({ name, at, endsAt }: { name: string; at: string | null; endsAt: string | null }) {
  const now = useNow()
  const isEnd = at !== null && at === endsAt
  const near = isEnd && Date.parse(at) - now < soonMs
  return (
    <div className={near ? 'bg-warn-ground px-4 py-3' : 'bg-panel px-4 py-3'}>
      <dt className="strip">{name}</dt>
      <dd className={near ? 'font-semibold text-warn' : 'font-medium'}>
        {at === null ? (
          <span className="font-normal text-soft">has no end</span>
        ) : (
          <>
            ends <RelativeTime at={at} />
          </>
        )}
      </dd>
      {at !== null && (
        <dd className="text-sm text-soft">{isEnd ? 'then the owner consents again' : 'put off by Patchbay in time'}</dd>
      )}
    </div>
  )
}
