import type { Connection } from '../../data/manifest.ts'
import { useProviders } from '../../data/manifest.ts'
import { Badge } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import type { StateWords } from '../../words/states.ts'

const granted: StateWords = { name: 'Granted', tone: 'good', shape: 'plugged', says: 'The owner granted it.' }
const missing: StateWords = {
  name: 'Missing',
  tone: 'bad',
  shape: 'crossed',
  says: 'It was asked for and not granted.',
}
const extra: StateWords = {
  name: 'Not needed',
  tone: 'quiet',
  shape: 'partial',
  says: 'Granted, and no stream needs it.',
}

/** What the owner granted, what is missing, and what each of them makes possible. */
export function PermissionsTab({ connection }: { connection: Connection }) {
  const providers = useProviders()
  const { scopes } = connection
  return (
    <Loaded query={providers}>
      {({ data }) => {
        const streams = data.find(({ id }) => id === connection.provider)?.streams ?? []
        const all = [...new Set([...scopes.missing, ...scopes.granted])]
        const uses = (scope: string) => streams.filter((stream) => stream.scopes.includes(scope)).map(({ id }) => id)
        return (
          <div className="grid grid-cols-[minmax(0,1fr)] gap-5 xl:grid-cols-2">
            <Card flush label="Permissions">
              {all.length === 0 ? (
                <p className="px-4 py-6 text-soft">
                  This platform asks for no permissions by name: being signed in is enough.
                </p>
              ) : (
                <DataTable
                  caption="Permissions"
                  rows={all}
                  rowKey={(scope) => scope}
                  columns={[
                    { name: 'Permission', cell: (scope) => <code className="text-sm break-all">{scope}</code> },
                    {
                      name: 'Standing',
                      cell: (scope) => (
                        <Badge
                          state={
                            scopes.missing.includes(scope)
                              ? missing
                              : uses(scope).length > 0 || streams.every((stream) => stream.scopes.length === 0)
                                ? granted
                                : extra
                          }
                        />
                      ),
                    },
                    {
                      name: 'Needed by',
                      cell: (scope) => uses(scope).join(', ') || <span className="text-soft">no stream by itself</span>,
                    },
                  ]}
                />
              )}
            </Card>
            <Card flush label="What works">
              <DataTable
                caption="What works with these permissions"
                rows={streams}
                rowKey={({ id }) => id}
                columns={[
                  {
                    name: 'Stream',
                    cell: ({ id, summary }) => (
                      <>
                        <span className="block font-medium">{id}</span>
                        <span className="block text-sm text-soft">{summary}</span>
                      </>
                    ),
                  },
                  {
                    name: 'Works',
                    cell: (stream) => {
                      const lacking = stream.scopes.filter((scope) => scopes.missing.includes(scope))
                      return lacking.length === 0 ? (
                        <Badge state={{ ...granted, name: 'Yes' }} />
                      ) : (
                        <>
                          <Badge state={{ ...missing, name: 'No' }} />
                          <span className="mt-0.5 block text-sm text-soft">
                            Reconnect and grant <code className="break-all">{lacking.join(', ')}</code>
                          </span>
                        </>
                      )
                    },
                  },
                ]}
              />
            </Card>
          </div>
        )
      }}
    </Loaded>
  )
}
