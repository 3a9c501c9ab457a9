import type { Operations } from '@patchbay/sdk'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useIntegrations, useProviderLook, useQuotas } from '../../data/manifest.ts'
import { Tag } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { CableMark, Jack } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Meter } from '../../ui/meter.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Guess, Source } from '../../ui/source.tsx'
import { countText, percentUsed } from '../../words/numbers.ts'
import { amountText } from '../../words/quotas.ts'
import { PlatformFilter } from './platform-filter.tsx'

type Quota = Awaited<ReturnType<Operations['quotas']['list']>>['data'][number]

const route = getRouteApi('/quotas')

/** Every limit of every platform: how much is used, when it starts anew, and who says that it is so. */
export function NowTab() {
  const { provider } = route.useSearch()
  const query = useQuotas()
  const look = useProviderLook()
  const integrations = useIntegrations()
  const nameOf = (id: string) => integrations.data?.data.find((each) => each.id === id)?.name ?? id
  return (
    <Loaded query={query}>
      {({ data }) => {
        const providers = [...new Set(data.map((quota) => quota.provider))].sort((a, b) =>
          look(a).name.localeCompare(look(b).name),
        )
        const groups = [
          ...Map.groupBy(
            data.filter((quota) => !provider || quota.provider === provider),
            ({ integration }) => integration,
          ),
        ]
        if (data.length === 0)
          return (
            <Card>
              <EmptyState title="No quotas yet">They appear with the first provider app that is set up.</EmptyState>
            </Card>
          )
        return (
          <>
            <PlatformFilter providers={providers} />
            <div className="grid grid-cols-[minmax(0,1fr)] gap-5 xl:grid-cols-2">
              {groups.map(([integration, quotas]) => (
                <Card
                  key={integration}
                  label={
                    <span className="inline-flex items-center gap-2">
                      <CableMark {...look(quotas[0]!.provider)} size={20} />
                      {look(quotas[0]!.provider).name}
                    </span>
                  }
                  more={<span className="text-sm text-soft">{nameOf(integration)}</span>}
                >
                  <ul className="space-y-6">
                    {[...Map.groupBy(quotas, ({ quota }) => quota)].map(([quota, rows]) => (
                      <li key={quota}>
                        <QuotaBars rows={rows} />
                      </li>
                    ))}
                  </ul>
                </Card>
              ))}
            </div>
          </>
        )
      }}
    </Loaded>
  )
}

const shownAtFirst = 3

/** One quota; when it is counted for each account, its fullest holders. */
function QuotaBars({ rows }: { rows: readonly Quota[] }) {
  const [most, setMost] = useState(shownAtFirst)
  const quota = rows[0]!
  const fullest = rows.toSorted((a, b) => b.used / b.limit - a.used / a.limit)
  return (
    <section aria-label={quota.quota}>
      <h3 className="flex flex-wrap items-center gap-2">
        <span className="font-medium">{quota.quota}</span>
        <Tag>{quota.unit}</Tag>
        <Guess source={quota.source} />
      </h3>
      <ul className="mt-2 space-y-3">
        {fullest.slice(0, most).map((row) => (
          <li key={row.holder ?? ''}>
            <p className="flex flex-wrap justify-between gap-x-4 text-sm">
              <span className="number">
                {amountText(row.used, row.unit)} of {amountText(row.limit, row.unit)} used ·{' '}
                {percentUsed(row.used, row.limit)}%
              </span>
              <span className="text-soft">
                {row.holder && <code className="mr-2 text-xs">{row.holder}</code>}
                {row.resetsAt ? (
                  <>
                    resets <RelativeTime at={row.resetsAt} />
                  </>
                ) : (
                  'nothing used'
                )}
              </span>
            </p>
            <div className="mt-1">
              <Meter
                used={row.used}
                limit={row.limit}
                label={`${quota.quota}${row.holder ? ` of ${row.holder}` : ''}`}
              />
            </div>
            {row.parkedUntil && (
              <p className="mt-1 flex items-center gap-1.5 text-sm text-warn">
                <Jack shape="waiting" />
                <span>
                  The platform said stop. Goes on <RelativeTime at={row.parkedUntil} />.
                </span>
              </p>
            )}
          </li>
        ))}
      </ul>
      {rows.length > most && (
        <Button small look="quiet" className="mt-2" onClick={() => setMost(most + 25)}>
          {countText(rows.length - most, 'more holder')}
        </Button>
      )}
      <Source source={quota.source} />
    </section>
  )
}
