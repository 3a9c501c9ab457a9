import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useProviderLook, useProviders } from '../../data/manifest.ts'
import { Tag } from '../../ui/badge.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { TextField } from '../../ui/field.tsx'
import { CableMark } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { countText } from '../../words/numbers.ts'

/** Every platform that this environment knows: those of the catalog, and those that it described itself. */
export function PlatformsPage() {
  const query = useProviders()
  const look = useProviderLook()
  const [words, setWords] = useState('')
  return (
    <>
      <PageHeader
        title="Platforms"
        actions={
          <Link to="/setup/platforms/$platform" params={{ platform: 'new' }} className={buttonClass('primary')}>
            <Plus size={16} aria-hidden /> Platform of your own
          </Link>
        }
      >
        What can be connected. A platform that is not among them is described in one JSON document, without a release.
      </PageHeader>
      <Card flush>
        <Loaded query={query}>
          {({ data }) => {
            const found = data
              .filter(({ id, name, category }) =>
                `${id} ${name} ${category}`.toLowerCase().includes(words.trim().toLowerCase()),
              )
              .toSorted((a, b) => Number(b.custom) - Number(a.custom) || a.name.localeCompare(b.name))
            return (
              <>
                {data.length > 12 && (
                  <div className="border-b border-line p-3">
                    <TextField
                      label="Find a platform"
                      type="search"
                      className="max-w-xs"
                      value={words}
                      onChange={(event) => setWords(event.target.value)}
                    />
                  </div>
                )}
                {found.length === 0 ? (
                  <EmptyState title={data.length === 0 ? 'No platforms' : 'No platform like that'} />
                ) : (
                  <DataTable
                    caption="Platforms"
                    rows={found}
                    rowKey={({ id }) => id}
                    columns={[
                      {
                        name: 'Platform',
                        className: 'min-w-44',
                        cell: ({ id, name }) => (
                          <Link
                            to="/setup/platforms/$platform"
                            params={{ platform: id }}
                            className="inline-flex items-center gap-3 no-underline hover:underline"
                          >
                            <CableMark {...look(id)} size={28} />
                            <span>
                              <span className="block font-medium">{name}</span>
                              <span className="block font-mono text-xs text-soft">{id}</span>
                            </span>
                          </Link>
                        ),
                      },
                      {
                        name: 'From',
                        cell: ({ custom }) => <Tag>{custom ? 'your own' : 'the catalog'}</Tag>,
                      },
                      { name: 'Kind', cell: ({ category }) => category },
                      { name: 'What it is', className: 'min-w-56 max-w-md text-sm', cell: ({ summary }) => summary },
                      { name: 'Streams', right: true, cell: ({ streams }) => countText(streams.length, 'stream') },
                      { name: 'Actions', right: true, cell: ({ actions }) => countText(actions.length, 'action') },
                    ]}
                  />
                )}
              </>
            )
          }}
        </Loaded>
      </Card>
    </>
  )
}
