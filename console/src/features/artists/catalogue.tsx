import type { Operations } from '@patchbay/sdk'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useRead } from '../../data/patchbay.tsx'
import { ProviderName } from '../../parts/provider-name.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { OutsideLink } from '../../ui/outside-link.tsx'
import { Pager } from '../../ui/pager.tsx'
import { Picture } from '../../ui/picture.tsx'
import { Choices } from '../../ui/tabs.tsx'
import { byFamily, metricName } from '../../words/metric-names.ts'
import { reasonShort } from '../../words/null-reasons.ts'
import { countText, noNumber, numberText } from '../../words/numbers.ts'
import { playingTime, publishedText } from '../../words/times.ts'

type Recording = Awaited<ReturnType<Operations['profiles']['recordings']>>['data'][number]
type Release = Awaited<ReturnType<Operations['profiles']['releases']>>['data'][number]

const route = getRouteApi('/artists/$profile')
const pageSize = 25

/** What is one recording or release on all platforms, with their numbers side by side. */
export function CatalogueTab({ profile }: { profile: string }) {
  const { kind, after } = route.useSearch()
  const releases = kind === 'releases'
  const query = useRead(
    ['catalogue', profile, releases, after],
    async (client, signal): Promise<{ data: readonly (Recording | Release)[]; nextCursor: string | null }> => {
      const asked = { id: profile, cursor: after, limit: pageSize }
      return releases ? client.profiles.releases(asked, { signal }) : client.profiles.recordings(asked, { signal })
    },
    { keep: true },
  )
  const link = (more: { kind?: string; after?: string }) => ({
    to: '/artists/$profile' as const,
    params: { profile },
    search: { tab: 'catalogue' as const, ...more },
  })
  const here = releases ? { kind: 'releases' } : {}
  return (
    <Card
      flush
      label={releases ? 'Releases' : 'Recordings'}
      more={
        <Choices
          label="What of the catalogue"
          choices={[
            { name: 'Recordings', link: link({}), current: !releases },
            { name: 'Releases', link: link({ kind: 'releases' }), current: releases },
          ]}
        />
      }
    >
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            <EmptyState title={releases ? 'No release yet' : 'No recording yet'}>
              They appear when a platform has told of tracks and albums.
            </EmptyState>
          ) : (
            <>
              <DataTable
                caption={releases ? 'Releases' : 'Recordings'}
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  { name: 'Title', className: 'min-w-56', cell: (group) => <Title group={group} /> },
                  {
                    name: 'Published',
                    className: 'whitespace-nowrap',
                    cell: ({ publishedAt }) =>
                      publishedAt ? publishedText(publishedAt.value) : <span className="text-soft">not said</span>,
                  },
                  { name: 'On', className: 'min-w-40', cell: (group) => <Platforms group={group} /> },
                  {
                    name: 'Numbers side by side',
                    className: 'min-w-64',
                    cell: ({ numbers }) => <SideBySide numbers={numbers} />,
                  },
                ]}
              />
              <Pager
                first={after === undefined ? null : link(here)}
                next={nextCursor === null ? null : link({ ...here, after: nextCursor })}
              />
            </>
          )
        }
      </Loaded>
    </Card>
  )
}

function Title({ group }: { group: Recording | Release }) {
  const picture = group.items.find(({ imageUrl }) => imageUrl)?.imageUrl ?? null
  const codes: ReactNode[] =
    'isrcs' in group
      ? group.isrcs.map(({ code, others, firstSeen }) => (
          <span key={code} title={`First seen on ${firstSeen.provider}`}>
            <span className="font-mono">ISRC {code}</span>
            {others > 0 && ` also on ${countText(others, 'other recording')}`}
          </span>
        ))
      : group.gtins.map(({ code }) => (
          <span key={code} className="font-mono">
            GTIN {code}
          </span>
        ))
  return (
    <span className="flex items-center gap-3">
      <Picture src={picture} name={group.title} size={40} square />
      <span className="min-w-0">
        <span className="line-clamp-2 font-medium">{group.title || 'Untitled'}</span>
        <span className="flex flex-wrap gap-x-2 text-xs text-soft">
          {'durationMs' in group && group.durationMs !== null && <span>{playingTime(group.durationMs)}</span>}
          {codes}
          {codes.length === 0 && <span>{'isrcs' in group ? 'no ISRC' : 'no barcode'}</span>}
        </span>
      </span>
    </span>
  )
}

/** Each platform with a link to what it calls it. */
function Platforms({ group }: { group: Recording | Release }) {
  return (
    <ul className="space-y-0.5">
      {group.items.map((item) => (
        <li key={`${item.connection} ${item.id}`} className="flex items-center gap-2 text-sm">
          <ProviderName id={item.provider} />
          {item.url && <OutsideLink href={item.url}>{item.kind}</OutsideLink>}
        </li>
      ))}
    </ul>
  )
}

/** A metric a line, a platform beside the other; a sum only where that is a number. */
function SideBySide({ numbers }: { numbers: Recording['numbers'] }) {
  if (numbers.length === 0) return <span className="text-sm text-soft">none read</span>
  return (
    <dl className="space-y-1 text-sm">
      {numbers
        .toSorted((a, b) => byFamily(a.metric, b.metric))
        .map((row) => (
          <div key={row.metric} className="flex flex-wrap items-baseline gap-x-3">
            <dt className="text-soft">{metricName(row.metric)}</dt>
            {row.parts.map((part) => (
              <dd key={`${part.connection} ${part.item}`} className="inline-flex items-baseline gap-1.5">
                <ProviderName id={part.provider} />
                <span className="number font-medium">
                  {part.value === null ? `${noNumber} ${reasonShort(part.reason)}` : numberText(part.value, row.unit)}
                </span>
              </dd>
            ))}
            {row.parts.length > 1 && row.value !== null && (
              <dd className="text-soft">
                together <span className="number font-medium text-ink">{numberText(row.value, row.unit)}</span>
              </dd>
            )}
            {row.says && (
              <dd className="text-soft" title={row.says}>
                not added
              </dd>
            )}
          </div>
        ))}
    </dl>
  )
}
