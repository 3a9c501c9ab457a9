import type { Operations } from '@patchbay/sdk'
import { Link } from '@tanstack/react-router'
import { useProviderLook, useQuotas } from '../../data/manifest.ts'
import { Card } from '../../ui/card.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Meter } from '../../ui/meter.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { numberText, percentUsed } from '../../words/numbers.ts'

type Quota = Awaited<ReturnType<Operations['quotas']['list']>>['data'][number]

const shown = 5

/** The fullest limits of the platforms. */
export function QuotaPressure() {
  const look = useProviderLook()
  const query = useQuotas()
  return (
    <Card
      label="Quota pressure"
      more={
        <Link to="/quotas" className="text-sm underline decoration-edge underline-offset-4">
          All quotas
        </Link>
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={3} />}>
        {({ data }) => {
          const fullest = fullestOfEach(data)
            .sort(
              (a, b) =>
                Number(b.parkedUntil !== null) - Number(a.parkedUntil !== null) || b.used / b.limit - a.used / a.limit,
            )
            .slice(0, shown)
          if (fullest.length === 0) return <p className="text-soft">No platform is set up yet.</p>
          return (
            <ul className="space-y-3.5">
              {fullest.map((quota) => (
                <li key={`${quota.integration} ${quota.quota}`}>
                  <p className="flex flex-wrap justify-between gap-x-3 text-sm">
                    <span>
                      {look(quota.provider).name} · {quota.quota}
                    </span>
                    <span className="number text-soft">
                      {numberText(quota.used, 'count')} of {numberText(quota.limit, 'count')} {quota.unit}
                    </span>
                  </p>
                  <div className="mt-1">
                    <Meter
                      used={quota.used}
                      limit={quota.limit}
                      label={`${look(quota.provider).name} ${quota.quota}`}
                    />
                  </div>
                  <p className="mt-0.5 text-sm text-soft">
                    {percentUsed(quota.used, quota.limit)}% used
                    {quota.parkedUntil ? (
                      <>
                        {' '}
                        · the platform said stop, goes on <RelativeTime at={quota.parkedUntil} />
                      </>
                    ) : (
                      quota.resetsAt && (
                        <>
                          {' '}
                          · resets <RelativeTime at={quota.resetsAt} />
                        </>
                      )
                    )}
                  </p>
                </li>
              ))}
            </ul>
          )
        }}
      </Loaded>
    </Card>
  )
}

/** A quota that is counted for each account stands here once, by its fullest. */
function fullestOfEach(quotas: readonly Quota[]): Quota[] {
  return [...Map.groupBy(quotas, ({ integration, quota }) => `${integration} ${quota}`).values()].map((holders) =>
    holders.reduce((fullest, next) => (next.used / next.limit > fullest.used / fullest.limit ? next : fullest)),
  )
}
