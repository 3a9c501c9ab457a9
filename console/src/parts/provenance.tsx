import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Why } from '../address/why.ts'
import { useProviderLook } from '../data/manifest.ts'
import { usePatchbay, useRead } from '../data/patchbay.tsx'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { CopyId } from '../ui/copy-id.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Drawer } from '../ui/drawer.tsx'
import { Facts } from '../ui/facts.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { SkeletonRows } from '../ui/skeleton.tsx'
import { kindSays, overSays, rollUpSays, windowSays } from '../words/definitions.ts'
import { metricName, provenanceNames } from '../words/metric-names.ts'
import { reasonSays, reasonShort } from '../words/null-reasons.ts'
import { noNumber, numberText } from '../words/numbers.ts'
import { dayText } from '../words/times.ts'

/** Where one number comes from, how sure it is, and what it was before. */
export function Provenance({ why, close }: { why: Why | null; close: () => void }) {
  return (
    <Drawer
      open={why !== null}
      close={close}
      label="Where this number comes from"
      title={why ? metricName(why.metric) : ''}
    >
      {why && <Explained why={why} />}
    </Drawer>
  )
}

function Explained({ why }: { why: Why }) {
  const look = useProviderLook()
  const query = useRead(['metrics', 'explain', why], (client, signal) => client.metrics.explain({ ...why }, { signal }))
  return (
    <Loaded query={query}>
      {({ point, definition, says }) => (
        <div className="space-y-6">
          <div>
            <p className="number text-4xl font-semibold">
              {point.value === null ? noNumber : numberText(point.value, point.unit)}
            </p>
            {point.value === null && <p className="mt-1 text-warn">{reasonSays(point.reason)}</p>}
            <p className="mt-2 flex flex-wrap items-center gap-2">
              <Badge
                state={
                  point.final
                    ? {
                        name: 'Final',
                        tone: 'good',
                        shape: 'plugged',
                        says: 'The platform does not correct this day any more.',
                      }
                    : {
                        name: 'Provisional',
                        tone: 'warn',
                        shape: 'partial',
                        says: 'The platform may still correct this day.',
                      }
                }
              />
              <span className="text-soft">{provenanceNames[point.provenance]?.name ?? point.provenance}</span>
            </p>
          </div>

          <section>
            <h3 className="strip mb-1.5">In words</h3>
            <ul className="list-disc space-y-1 pl-5">
              {says.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          </section>

          <section>
            <h3 className="strip mb-1.5">Source</h3>
            <Facts
              facts={[
                ['Platform', look(point.source.provider).name],
                ['Its own name', <code key="native">{point.source.native}</code>],
                ['Stream', point.source.stream],
                ...(point.item === null ? [] : ([['Item', <CopyId key="item" id={point.item} />]] as const)),
                ['Day', `${dayText(point.period.day)} in ${point.period.timezone}`],
                ['About the moment', <RelativeTime key="as-of" at={point.asOf} />],
                ['Read', <RelativeTime key="read" at={point.fetchedAt} />],
                [
                  'Run',
                  <span key="run" className="flex flex-wrap items-center gap-x-3">
                    <CopyId id={point.source.run} label="the run’s id" />
                    <Link
                      to="/connections/$connection"
                      params={{ connection: point.connection }}
                      search={{ tab: 'calls', run: point.source.run }}
                      className="underline decoration-edge underline-offset-4"
                    >
                      its calls
                    </Link>
                  </span>,
                ],
                ...Object.entries(point.dimensions),
              ]}
            />
          </section>

          <section>
            <h3 className="strip mb-1.5">Definition</h3>
            <Facts
              facts={[
                ['Means', definition.summary],
                ['Metric', <code key="metric">{definition.metric}</code>],
                ['Kind', kindSays(definition.kind)],
                ['Unit', definition.unit],
                ...(definition.window ? ([['Window', windowSays(definition.window)]] as const) : []),
                ['Counts', definition.uniqueness.replace(/_/g, ' ')],
                ['Weeks and months', rollUpSays(definition.rollUp)],
                ['Several accounts', overSays(definition.additiveOver)],
              ]}
            />
          </section>

          <History why={why} unit={point.unit} />
        </div>
      )}
    </Loaded>
  )
}

const oncePerPage = 20

/** Every value that the number ever had, newest first, a page at a time. */
function History({ why, unit }: { why: Why; unit: string }) {
  const { client, environment } = usePatchbay()
  const query = useInfiniteQuery({
    queryKey: [environment ?? '', 'metrics', 'revisions', why],
    queryFn: ({ pageParam, signal }) =>
      client.metrics.revisions({ ...why, cursor: pageParam, limit: oncePerPage }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })
  return (
    <section>
      <h3 className="strip mb-1.5">History</h3>
      <Loaded query={query} skeleton={<SkeletonRows rows={2} />}>
        {({ pages }) => {
          const values = pages.flatMap(({ data }) => data)
          if (values.length === 1) return <p className="text-soft">It is as it was first read.</p>
          return (
            <>
              <DataTable
                caption="Every value that it had"
                rows={values}
                rowKey={({ revision }) => String(revision)}
                columns={[
                  {
                    name: 'Value',
                    right: true,
                    cell: ({ value, reason }) =>
                      value === null ? `${noNumber} ${reasonShort(reason)}` : numberText(value, unit),
                  },
                  { name: 'First read', cell: ({ observedAt }) => <RelativeTime at={observedAt} /> },
                  {
                    name: 'Replaced',
                    cell: ({ replacedBy }) =>
                      replacedBy === null ? (
                        <span className="text-good">it counts</span>
                      ) : (
                        <RelativeTime at={replacedBy.observedAt} />
                      ),
                  },
                  { name: 'Run', cell: ({ run }) => <CopyId id={run} /> },
                ]}
              />
              {query.hasNextPage && (
                <Button
                  small
                  className="mt-2"
                  busy={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  Earlier values
                </Button>
              )}
            </>
          )
        }}
      </Loaded>
    </section>
  )
}
