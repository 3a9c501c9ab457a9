import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useRead } from '../data/patchbay.tsx'
import { Card } from '../ui/card.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Pager } from '../ui/pager.tsx'

const pageSize = 20

/** Artists to choose one of, by pages. Each leads to the same page with its id as `profile`. */
export function ArtistList(props: {
  label: string
  to: '/connect' | '/metrics'
  after: string | undefined
  /** What stands there before there is anybody. */
  empty: ReactNode
}) {
  const { label, to, after, empty } = props
  const query = useRead(
    ['profiles', 'list', after],
    (client, signal) => client.profiles.list({ limit: pageSize, cursor: after }, { signal }),
    { keep: true },
  )
  return (
    <Card flush label={label}>
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            empty
          ) : (
            <>
              <ul>
                {data.map(({ id, name }) => (
                  <li key={id} className="border-b border-line last:border-b-0">
                    <Link
                      to={to}
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
                first={after === undefined ? null : { to, search: {} }}
                next={nextCursor === null ? null : { to, search: { after: nextCursor } }}
              />
            </>
          )
        }
      </Loaded>
    </Card>
  )
}
