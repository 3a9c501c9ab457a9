import { Link } from '@tanstack/react-router'
import { useProviderLook } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { Card } from '../../ui/card.tsx'
import { Jack, toneText } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { countText } from '../../words/numbers.ts'
import { runState } from '../../words/states.ts'

/** What was read last. */
export function RecentRuns() {
  const look = useProviderLook()
  const query = useRead(['runs', 'recent'], (client, signal) => client.runs.list({ limit: 8 }, { signal }), {
    everyMs: 15_000,
  })
  return (
    <Card
      flush
      label="Recent runs"
      more={
        <Link to="/activity" className="text-sm underline decoration-edge underline-offset-4">
          All runs
        </Link>
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={5} />}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="px-4 py-4 text-soft">Nothing has been read yet.</p>
          ) : (
            <ul>
              {data.map((run) => {
                const words = runState(run.state)
                return (
                  <li key={run.id} className="flex items-start gap-3 border-b border-line px-4 py-2.5 last:border-b-0">
                    <span className={`mt-1 ${toneText[words.tone]}`}>
                      <Jack shape={words.shape} size={15} />
                    </span>
                    <div className="min-w-0 flex-1">
                      <p className="leading-snug">
                        {look(run.provider).name} · {run.stream}
                      </p>
                      <p className="text-sm text-soft">
                        {words.name} · {countText(run.connections.length, 'account')}
                      </p>
                      {run.says && run.state !== 'succeeded' && <p className="text-sm text-soft">{run.says}</p>}
                    </div>
                    <span className="text-sm text-soft">
                      <RelativeTime at={run.startedAt} />
                    </span>
                  </li>
                )
              })}
            </ul>
          )
        }
      </Loaded>
    </Card>
  )
}
