import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { firstDay } from '../../address/date-range.ts'
import { readWhy, writeWhy } from '../../address/why.ts'
import { type Connection, useAvailability, useDefinitions } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { Provenance } from '../../parts/provenance.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { useNow } from '../../ui/relative-time.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { idsOf } from '../../words/id-list.ts'
import { byFamily } from '../../words/metric-names.ts'
import { AccountCharts } from './account-charts.tsx'
import { ChooseWhose } from './choose-whose.tsx'
import { Controls } from './controls.tsx'
import { Meaning } from './meaning.tsx'
import { PeriodDays } from './period-days.tsx'
import { Together } from './together.tsx'
import { Whose } from './whose.tsx'

const route = getRouteApi('/metrics')
const mostNamed = 50

/** Whose numbers and which ones are in the address; everything here follows from it. */
export interface Asked {
  readonly profile: string | undefined
  /** With commas, as the API takes them. */
  readonly connection: string | undefined
  readonly metric: string
  readonly from: string | undefined
  readonly to: string | undefined
  readonly granularity: 'day' | 'week' | 'month'
  readonly compare: 'previous' | 'year' | undefined
}

/** A metric over time: each account for itself, and together where that is one number. */
export function NumbersTab() {
  const search = route.useSearch()
  if (search.profile === undefined && search.connections === undefined) return <ChooseWhose />
  return <Chosen />
}

function Chosen() {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/metrics' })
  const accounts = useAccounts(search.profile, search.connections)
  const explain = useCallback(
    (number: { connection: string; metric: string; day: string; dimensions?: string }) =>
      void navigate({
        search: (last) => ({ ...last, why: writeWhy(number), group: number.dimensions }),
        resetScroll: false,
      }),
    [navigate],
  )
  const look = useCallback(
    (number: { connection: string; metric: string; day: string; dimensions?: string }) =>
      void navigate({
        search: (last) => ({ ...last, within: writeWhy(number), group: number.dimensions }),
        resetScroll: false,
      }),
    [navigate],
  )
  const step = search.step ?? 'day'
  return (
    <>
      <Loaded query={accounts} skeleton={<Skeleton className="h-24 w-full rounded-xl" />}>
        {({ connections, more, name }) => (
          <>
            <Whose connections={connections} more={more} name={name} />
            {connections.length === 0 ? (
              <Card>
                <EmptyState title="No account is connected for this artist" />
              </Card>
            ) : (
              <Numbers connections={connections} explain={step === 'day' ? explain : look} />
            )}
          </>
        )}
      </Loaded>
      {accounts.error && (
        <Link to="/metrics" className={`${buttonClass()} mt-4`}>
          Choose somebody else
        </Link>
      )}
      <PeriodDays
        // The one drawer makes room for the other, and comes back when that is closed.
        number={search.why === undefined ? readWhy(search.within, search.group) : null}
        step={step}
        explain={explain}
        close={() =>
          void navigate({ search: (last) => ({ ...last, within: undefined, group: undefined }), resetScroll: false })
        }
      />
      <Provenance
        why={readWhy(search.why, search.group)}
        close={() =>
          void navigate({
            search: (last) => ({ ...last, why: undefined, group: last.within ? last.group : undefined }),
            resetScroll: false,
          })
        }
      />
    </>
  )
}

export type Explain = (number: { connection: string; metric: string; day: string; dimensions?: string }) => void

function Numbers({ connections, explain }: { connections: readonly Connection[]; explain: Explain }) {
  const search = route.useSearch()
  const definitions = useDefinitions()
  const availability = useAvailability()
  const today = Math.floor(useNow() / 86_400_000) * 86_400_000
  const shown = shownOf(connections, search.connections)
  const providers = new Set(shown.map(({ provider }) => provider))
  const offered = [
    ...new Set(
      (availability.data?.data ?? [])
        .filter(({ provider, available }) => available && providers.has(provider))
        .map(({ metric }) => metric),
    ),
  ].sort(byFamily)
  const metric = search.metric ?? offered[0]
  const named = search.from !== undefined || search.to !== undefined
  const definition = definitions.data?.data.find((each) => each.metric === metric)
  if (metric === undefined)
    return (
      <Loaded query={availability}>
        {() => (
          <Card>
            <EmptyState title="These platforms give no numbers" />
          </Card>
        )}
      </Loaded>
    )
  const asked: Asked = {
    profile: search.profile,
    connection: search.connections,
    metric,
    from: named ? search.from : firstDay(search.range ?? '90d', today),
    to: search.to,
    granularity: search.step ?? 'day',
    compare: search.against,
  }
  return (
    <>
      <Controls metric={metric} offered={offered} named={named} />
      {definition && <Meaning definition={definition} />}
      {shown.length > 1 && <Together asked={asked} connections={shown} definition={definition} />}
      <AccountCharts asked={asked} connections={shown} definition={definition} explain={explain} />
    </>
  )
}

/** Of a profile's accounts those that were picked, or all. */
export function shownOf(connections: readonly Connection[], picked: string | undefined): readonly Connection[] {
  if (picked === undefined) return connections
  const ids = idsOf(picked)
  return connections.filter(({ id }) => ids.includes(id))
}

interface Found {
  readonly connections: readonly Connection[]
  /** There are others, too. */
  readonly more: boolean
  readonly name: string | null
}

/** A profile's accounts, or those that are named. */
function useAccounts(profile: string | undefined, picked: string | undefined) {
  return useRead(
    ['connections', 'whose', profile ?? picked],
    async (client, signal): Promise<Found> => {
      if (profile !== undefined) {
        const [page, { name }] = await Promise.all([
          client.connections.list({ profile, limit: 200 }, { signal }),
          client.profiles.read({ id: profile }, { signal }),
        ])
        const named = picked === undefined ? [] : idsOf(picked).filter((id) => !page.data.some((one) => one.id === id))
        const others = await Promise.all(
          named.slice(0, mostNamed).map((id) => client.connections.read({ id }, { signal })),
        )
        return { connections: [...page.data, ...others], more: page.nextCursor !== null, name }
      }
      const ids = idsOf(picked ?? '')
      const connections = await Promise.all(
        ids.slice(0, mostNamed).map((id) => client.connections.read({ id }, { signal })),
      )
      return { connections, more: ids.length > mostNamed, name: null }
    },
    { staleMs: 60_000 },
  )
}
