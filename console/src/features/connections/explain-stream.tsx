import { useRead } from '../../data/patchbay.tsx'
import { RunsTable } from '../../parts/runs-table.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Drawer } from '../../ui/drawer.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { whoActs } from '../../words/problems.ts'
import { waitName } from '../../words/reading.ts'
import { streamState } from '../../words/states.ts'
import { lengthText } from '../../words/times.ts'

/** Why a stream is as old as it is: what it waits for, since when, and who ends that. */
export function ExplainStream(props: { connection: string; stream: string | undefined; close: () => void }) {
  const { connection, stream } = props
  return (
    <Drawer open={stream !== undefined} close={props.close} label="How old, and why" title={stream ?? ''}>
      {stream && <Explained connection={connection} stream={stream} />}
    </Drawer>
  )
}

function Explained({ connection, stream }: { connection: string; stream: string }) {
  const query = useRead(
    ['connections', 'explain-stream', connection, stream],
    (client, signal) => client.connections.explainStream({ id: connection, stream }, { signal }),
    { everyMs: 10_000 },
  )
  return (
    <Loaded query={query}>
      {({ state, syncedAt, promisedAt, lateMs, dueAt, cadence, reasons, runs }) => (
        <div className="space-y-6">
          <div className="space-y-3">
            <p className="flex flex-wrap items-center gap-3">
              <Badge state={streamState(state)} />
              {lateMs !== null && <span className="font-medium text-warn">{lengthText(lateMs)} late</span>}
            </p>
            <Facts
              facts={[
                ['Read', <RelativeTime key="read" at={syncedAt} none="never" />],
                ...(promisedAt ? ([['Promised by', <RelativeTime key="promised" at={promisedAt} />]] as const) : []),
                ['Due', <RelativeTime key="due" at={dueAt} />],
                ...(cadence ? ([['Every', `${lengthText(cadence.everyMs)}: ${cadence.why}`]] as const) : []),
              ]}
            />
          </div>
          <section>
            <h3 className="strip mb-1.5">Because of</h3>
            {reasons.length === 0 ? (
              <p className="text-soft">Nothing holds it up.</p>
            ) : (
              <ol className="space-y-3">
                {reasons.map((reason) => (
                  <li key={`${reason.what} ${reason.says}`} className="rounded-lg border border-line p-3">
                    <p className="font-medium">{waitName(reason.what)}</p>
                    <p>{reason.says}</p>
                    <p className="mt-1 flex flex-wrap gap-x-4 text-sm text-soft">
                      {reason.quota && <span>quota {reason.quota}</span>}
                      {reason.since && (
                        <span>
                          since <RelativeTime at={reason.since} />
                        </span>
                      )}
                      {reason.until && (
                        <span>
                          until <RelativeTime at={reason.until} />
                        </span>
                      )}
                      {reason.fixedBy && <span>Who acts: {whoActs(reason.fixedBy)}</span>}
                    </p>
                  </li>
                ))}
              </ol>
            )}
          </section>
          <section>
            <h3 className="strip mb-1.5">Last runs</h3>
            {runs.length === 0 ? (
              <p className="text-soft">None yet.</p>
            ) : (
              <div className="rounded-lg border border-line">
                <RunsTable runs={runs} short />
              </div>
            )}
          </section>
        </div>
      )}
    </Loaded>
  )
}
