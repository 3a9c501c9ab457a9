import { Link, useNavigate } from '@tanstack/react-router'
import { useRead } from '../../data/patchbay.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Drawer } from '../../ui/drawer.tsx'
import { JsonText } from '../../ui/json-text.tsx'
import { Loaded } from '../../ui/loaded.tsx'

export function useEventTypes() {
  return useRead(['event-types'], (client, signal) => client.eventTypes.list({}, { signal }), { staleMs: 600_000 })
}

/** Every type of event, with an example and its schema. */
export function Catalogue({ shown }: { shown: string | undefined }) {
  const navigate = useNavigate()
  const query = useEventTypes()
  const one = query.data?.data.find(({ type }) => type === shown)
  return (
    <Card flush label="What there is to be told of">
      <Loaded query={query}>
        {({ data }) => (
          <DataTable
            caption="Types of events"
            rows={data}
            rowKey={({ type }) => type}
            columns={[
              {
                name: 'Type',
                cell: ({ type }) => (
                  <Link
                    to="/endpoints"
                    search={{ tab: 'events', event: type }}
                    resetScroll={false}
                    className="font-mono text-sm underline decoration-edge underline-offset-4"
                  >
                    {type}
                  </Link>
                ),
              },
              { name: 'When', className: 'min-w-64', cell: ({ summary }) => summary },
            ]}
          />
        )}
      </Loaded>
      <Drawer
        open={shown !== undefined}
        close={() => void navigate({ to: '/endpoints', search: { tab: 'events' }, resetScroll: false })}
        label="Event"
        title={shown ?? ''}
      >
        {one ? (
          <div className="space-y-5">
            <p>{one.summary}</p>
            <section>
              <h3 className="strip mb-1.5">Example of its data</h3>
              <JsonText value={one.example} />
            </section>
            <section>
              <h3 className="strip mb-1.5">JSON Schema of the whole event</h3>
              <JsonText value={one.schema} />
            </section>
          </div>
        ) : (
          <p className="text-soft">{query.data ? 'There is no such type of event.' : 'Loading …'}</p>
        )}
      </Drawer>
    </Card>
  )
}
