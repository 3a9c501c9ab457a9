import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useRead } from '../../data/patchbay.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { TextField } from '../../ui/field.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pager } from '../../ui/pager.tsx'
import { idsOf } from '../../words/id-list.ts'

const route = getRouteApi('/metrics')
const pageSize = 20

/** Whose numbers, before anybody is chosen: a list of any length by pages, or an id that one knows. */
export function ChooseWhose() {
  const { after } = route.useSearch()
  const query = useRead(
    ['profiles', 'list', after],
    (client, signal) => client.profiles.list({ limit: pageSize, cursor: after }, { signal }),
    { keep: true },
  )
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-2">
      <Card flush label="Whose numbers?">
        <Loaded query={query}>
          {({ data, nextCursor }) =>
            data.length === 0 && after === undefined ? (
              <EmptyState title="No artists yet">
                Numbers appear here with the first account that is connected for somebody.
              </EmptyState>
            ) : (
              <>
                <ul>
                  {data.map(({ id, name }) => (
                    <li key={id} className="border-b border-line last:border-b-0">
                      <Link
                        to="/metrics"
                        search={{ profile: id }}
                        className="flex items-baseline justify-between gap-3 px-4 py-2.5 no-underline hover:bg-sunken"
                      >
                        <span className="min-w-0 truncate font-medium">{name}</span>
                        <span className="max-w-[45%] truncate font-mono text-xs text-soft">{id}</span>
                      </Link>
                    </li>
                  ))}
                </ul>
                <Pager
                  first={after === undefined ? null : { to: '/metrics', search: {} }}
                  next={nextCursor === null ? null : { to: '/metrics', search: { after: nextCursor } }}
                />
              </>
            )
          }
        </Loaded>
      </Card>
      <ByIds />
    </div>
  )
}

/** Accounts of any artists, by the ids of their connections. */
function ByIds() {
  const navigate = useNavigate()
  const [typed, setTyped] = useState('')
  function submit(event: FormEvent) {
    event.preventDefault()
    void navigate({ to: '/metrics', search: { connections: idsOf(typed).join(',') } })
  }
  return (
    <Card label="Accounts of several artists">
      <form onSubmit={submit} className="space-y-4">
        <TextField
          label="Ids of connections"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          maxLength={4000}
          spellCheck={false}
          autoComplete="off"
          required
          help="With commas between them. Their numbers stand beside each other, and are added where they make one number."
        />
        <Button type="submit" disabled={idsOf(typed).length === 0}>
          Show their numbers
        </Button>
      </form>
    </Card>
  )
}
