import { Link } from '@tanstack/react-router'
import { useRead } from '../../data/patchbay.tsx'
import { ProviderName } from '../../parts/provider-name.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pager } from '../../ui/pager.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { whoActs } from '../../words/problems.ts'
import { incidentState } from '../../words/states.ts'
import { lengthText } from '../../words/times.ts'

const link = (after?: string) => ({ to: '/activity' as const, search: { tab: 'incidents' as const, after } })

/** What was wrong with an app or a whole platform. No connection changes because of it, and it closes by itself. */
export function Incidents({ after }: { after: string | undefined }) {
  const query = useRead(
    ['incidents', { after }],
    (client, signal) => client.incidents.list({ cursor: after, limit: 50 }, { signal }),
    { keep: true, everyMs: after === undefined ? 15_000 : false },
  )
  return (
    <Card flush label="Incidents">
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            <EmptyState title="No incident yet">
              When a platform is down or refuses an app, it stands here, and no connection is called broken for it.
            </EmptyState>
          ) : (
            <>
              <DataTable
                caption="Incidents"
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  { name: 'State', cell: ({ closedAt }) => <Badge state={incidentState(closedAt)} /> },
                  { name: 'Platform', cell: ({ provider }) => <ProviderName id={provider} /> },
                  {
                    name: 'App',
                    cell: ({ integration }) => (
                      <Link
                        to="/setup/apps/$app"
                        params={{ app: integration }}
                        className="font-mono text-sm underline decoration-edge underline-offset-4"
                      >
                        {integration}
                      </Link>
                    ),
                  },
                  { name: 'Says', className: 'min-w-64 max-w-md', cell: ({ says }) => says },
                  { name: 'Who acts', cell: ({ fixedBy }) => whoActs(fixedBy) },
                  { name: 'Began', cell: ({ openedAt }) => <RelativeTime at={openedAt} /> },
                  {
                    name: 'Lasted',
                    right: true,
                    cell: ({ openedAt, closedAt }) =>
                      closedAt === null ? 'until now' : lengthText(Date.parse(closedAt) - Date.parse(openedAt)),
                  },
                ]}
              />
              <Pager first={after === undefined ? null : link()} next={nextCursor === null ? null : link(nextCursor)} />
            </>
          )
        }
      </Loaded>
    </Card>
  )
}
