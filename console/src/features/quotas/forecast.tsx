import type { Operations } from '@patchbay/sdk'
import { getRouteApi } from '@tanstack/react-router'
import { useIntegrations, useProviderLook } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { Badge, Tag } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { CableMark } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Pager } from '../../ui/pager.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Source } from '../../ui/source.tsx'
import { countText, numberText, percentUsed } from '../../words/numbers.ts'
import { amountText, basisText, perText } from '../../words/quotas.ts'
import type { StateWords } from '../../words/states.ts'
import { lengthText } from '../../words/times.ts'
import { PlatformFilter } from './platform-filter.tsx'

type Forecast = Awaited<ReturnType<Operations['quotas']['forecast']>>['data'][number]

const route = getRouteApi('/quotas')
const pageSize = 20

/** What the schedule will draw from each quota until it starts anew. */
export function ForecastTab() {
  const search = route.useSearch()
  const { provider, after } = search
  const look = useProviderLook()
  const integrations = useIntegrations()
  const nameOf = (id: string) => integrations.data?.data.find((each) => each.id === id)?.name ?? id
  const query = useRead(
    ['quotas', 'forecast', provider, after],
    (client, signal) => client.quotas.forecast({ provider, cursor: after, limit: pageSize }, { signal }),
    { keep: true, everyMs: 60_000 },
  )
  const providers = [...new Set(integrations.data?.data.map((each) => each.provider))]
  const page = { ...search, after: undefined }
  return (
    <>
      <PlatformFilter providers={providers} />
      <Loaded query={query}>
        {({ data, nextCursor }) =>
          data.length === 0 && after === undefined ? (
            <Card>
              <EmptyState title="No quotas to foresee">
                They appear with the first provider app that is set up.
              </EmptyState>
            </Card>
          ) : (
            <>
              <ul className="grid grid-cols-[minmax(0,1fr)] gap-4 xl:grid-cols-2">
                {data.map((forecast) => (
                  <li key={forecast.id} className="min-w-0">
                    <Card
                      className="h-full"
                      label={
                        <span className="inline-flex items-center gap-2">
                          <CableMark {...look(forecast.provider)} size={20} />
                          {look(forecast.provider).name} · {forecast.quota}
                        </span>
                      }
                      more={<Badge state={standingOf(forecast)} />}
                    >
                      <OneForecast forecast={forecast} app={nameOf(forecast.integration)} />
                    </Card>
                  </li>
                ))}
              </ul>
              <Pager
                first={after === undefined ? null : { to: '/quotas', search: page }}
                next={nextCursor === null ? null : { to: '/quotas', search: { ...page, after: nextCursor } }}
              />
            </>
          )
        }
      </Loaded>
    </>
  )
}

function standingOf({ parkedUntil, waiting, held, exhaustedAt }: Forecast): StateWords {
  if (parkedUntil) return { name: 'Stopped', tone: 'bad', shape: 'alert', says: 'The platform said stop.' }
  if (waiting)
    return { name: 'Readings wait', tone: 'bad', shape: 'waiting', says: 'Nothing is left for readings now.' }
  if (held || exhaustedAt)
    return { name: 'Will be full', tone: 'warn', shape: 'partial', says: 'It does not last until it starts anew.' }
  return { name: 'Lasts', tone: 'good', shape: 'plugged', says: 'It lasts until it starts anew.' }
}

function OneForecast({ forecast, app }: { forecast: Forecast; app: string }) {
  const { says, used, expected, usable, limit, unit, readings, streams, per, holder, windowMs, zone, source } = forecast
  return (
    <>
      <p>{says}</p>
      <ForecastBar forecast={forecast} />
      <p className="mt-2 flex flex-wrap gap-x-5 gap-y-0.5 text-sm text-soft">
        <span>
          used <span className="number text-ink">{amountText(used, unit)}</span>
        </span>
        <span>
          expected <span className="number text-ink">{amountText(expected, unit)}</span> by{' '}
          {countText(readings, 'reading')}
        </span>
        <span>
          readings may fill <span className="number text-ink">{amountText(usable, unit)}</span> of{' '}
          {numberText(limit, 'count')}
        </span>
      </p>
      <dl className="mt-2 space-y-0.5 text-sm">
        {forecast.resetsAt && zone && (
          <Line name="Starts anew" at={forecast.resetsAt} more={`by the calendar of ${zone}`} />
        )}
        {forecast.exhaustedAt && <Line name="Full for readings" at={forecast.exhaustedAt} />}
        {forecast.held && (
          <Line
            name={`${countText(forecast.held.readings, 'reading')} without room before, the last has some`}
            at={forecast.held.until}
          />
        )}
        {forecast.waiting && (
          <Line
            name={`${countText(forecast.waiting.readings, 'reading')} wait now, until`}
            at={forecast.waiting.until}
          />
        )}
        {forecast.parkedUntil && <Line name="The platform said stop until" at={forecast.parkedUntil} />}
      </dl>
      {streams.length > 0 && (
        <details className="mt-3">
          <summary className="py-1 font-medium">What will draw from it</summary>
          <div className="rounded-lg border border-line">
            <DataTable
              caption={`What will draw from ${forecast.quota}`}
              rows={streams}
              rowKey={({ stream }) => stream}
              pinned
              columns={[
                { name: 'Stream', cell: ({ stream }) => <span className="font-medium">{stream}</span> },
                { name: 'Readings', right: true, cell: (stream) => numberText(stream.readings, 'count') },
                { name: 'Each', right: true, cell: ({ perReading }) => numberText(perReading, 'count') },
                { name: 'Together', right: true, cell: ({ amount }) => amountText(amount, unit) },
                {
                  name: 'Known from',
                  className: 'text-sm text-soft min-w-36',
                  cell: ({ basis, runs }) => basisText(basis, runs),
                },
              ]}
            />
          </div>
        </details>
      )}
      <p className="mt-3 text-sm text-soft">
        <Tag>{perText(per)}</Tag>{' '}
        {holder && (
          <>
            the fullest is <code className="text-xs">{holder}</code> ·{' '}
          </>
        )}
        {windowMs !== null && `${zone ? 'a window' : 'a moving window'} of ${lengthText(windowMs)} · `}
        {app}
      </p>
      <Source source={source} />
    </>
  )
}

function Line({ name, at, more }: { name: string; at: string; more?: string | null }) {
  return (
    <div className="flex flex-wrap gap-x-2">
      <dt className="text-soft">{name}</dt>
      <dd>
        <RelativeTime at={at} />
        {more && <span className="text-soft"> {more}</span>}
      </dd>
    </div>
  )
}

/** What is used, solid; what is expected, hatched; and the mark beyond which readings leave the rest to people who wait. */
function ForecastBar({ forecast }: { forecast: Forecast }) {
  const { used, expected, usable, limit, quota } = forecast
  const whole = Math.max(limit, used + expected, 1)
  const share = (amount: number) => `${(Math.max(0, amount) / whole) * 100}%`
  const percent = percentUsed(used + expected, limit)
  const tone = used + expected > usable ? 'text-warn' : 'text-accent'
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers draw <meter> in colours of their own
    <div
      role="meter"
      aria-label={`${quota} when it starts anew`}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.min(100, percent)}
      aria-valuetext={`${percentUsed(used, limit)}% used, ${percent}% expected`}
      className={`relative mt-3 flex h-4 w-full overflow-hidden rounded-full bg-sunken ring-1 ring-line ${tone}`}
    >
      <span className="h-full bg-current" style={{ width: share(used) }} />
      <span className="hatched h-full border-r border-current" style={{ width: share(expected) }} />
      <span aria-hidden="true" className="absolute inset-y-0 w-0.5 bg-ink" style={{ left: share(usable) }} />
      {whole > limit && (
        <span aria-hidden="true" className="absolute inset-y-0 w-0.5 bg-bad" style={{ left: share(limit) }} />
      )}
    </div>
  )
}
