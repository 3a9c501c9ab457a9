import type { Operations } from '@patchbay/sdk'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useIntegrations, useProviders } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Select, TextField } from '../../ui/field.tsx'
import { Jack } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Source } from '../../ui/source.tsx'
import { noNumber, numberText } from '../../words/numbers.ts'
import {
  amountText,
  basisText,
  type Interval,
  intervalNames,
  intervals,
  intervalText,
  perText,
} from '../../words/quotas.ts'
import { lengthText } from '../../words/times.ts'

type Capacity = Awaited<ReturnType<Operations['quotas']['capacity']>>

const route = getRouteApi('/quotas')

/** Whether so many artists would fit at some freshness, how many would, and which limit is full first. */
export function WhatIfTab() {
  const { provider, integration, profiles, every, stream } = route.useSearch()
  const asked = { provider: provider ?? '', integration, profiles: Number(profiles ?? 1), every, stream }
  const query = useRead(['quotas', 'capacity', asked], (client, signal) => client.quotas.capacity(asked, { signal }), {
    keep: true,
    enabled: provider !== undefined,
    staleMs: 60_000,
  })
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
      <Card label="What if …">
        <Question key={`${provider} ${integration} ${profiles} ${every} ${stream}`} />
      </Card>
      {provider === undefined ? (
        <Card>
          <EmptyState title="Choose a platform">
            The answer reckons with what readings took here, else with the platform’s cost card. Nothing is changed.
          </EmptyState>
        </Card>
      ) : (
        <Loaded query={query}>{(capacity) => <Answer capacity={capacity} />}</Loaded>
      )}
    </div>
  )
}

/** The question. It goes into the address when it is whole. */
function Question() {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/quotas' })
  const providers = useProviders()
  const integrations = useIntegrations()
  const [provider, setProvider] = useState(search.provider ?? '')
  const [refused, setRefused] = useState<string | null>(null)
  const streams = providers.data?.data.find(({ id }) => id === provider)?.streams ?? []
  const apps = integrations.data?.data.filter((app) => app.provider === provider) ?? []

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const word = (name: string) => String(form.get(name) ?? '').trim() || undefined
    const profiles = word('profiles')
    if (profiles !== undefined && !/^[1-9]\d{0,8}$/.test(profiles)) {
      setRefused('A whole number from 1 to 999,999,999.')
      return
    }
    setRefused(null)
    void navigate({
      search: {
        tab: 'what-if',
        provider: provider || undefined,
        integration: word('integration'),
        profiles,
        every: intervals.find((each) => each === word('every')),
        stream: word('stream'),
      },
    })
  }
  return (
    <form onSubmit={submit} className="space-y-4">
      <Select
        label="Platform"
        value={provider}
        onChange={(event) => setProvider(event.target.value)}
        choices={[
          { value: '', name: 'Choose …' },
          ...(providers.data?.data ?? []).map(({ id, name }) => ({ value: id, name })),
        ]}
      />
      {apps.length > 1 && (
        <Select
          label="App"
          name="integration"
          defaultValue={search.integration ?? ''}
          choices={[{ value: '', name: 'The first one' }, ...apps.map(({ id, name }) => ({ value: id, name }))]}
        />
      )}
      <TextField
        label="Artists"
        name="profiles"
        inputMode="numeric"
        defaultValue={search.profiles ?? '100'}
        error={refused}
        help="How many, each with one account there."
      />
      <Select
        label="Numbers no older than"
        name="every"
        defaultValue={search.every ?? ''}
        choices={[
          { value: '', name: 'as the streams are read anyway' },
          ...intervals.map((each: Interval) => ({ value: each, name: intervalNames[each] })),
        ]}
      />
      <Select
        key={provider}
        label="Of"
        name="stream"
        defaultValue={search.stream ?? ''}
        choices={[
          { value: '', name: 'every stream' },
          ...streams.map(({ id, summary }) => ({ value: id, name: `${id}: ${summary}` })),
        ]}
      />
      <Button type="submit" look="primary" disabled={provider === ''}>
        Reckon
      </Button>
    </form>
  )
}

function Answer({ capacity }: { capacity: Capacity }) {
  const { fits, says, mostProfiles, shortestEveryMs, binding, profiles, integration, data, streams } = capacity
  const integrations = useIntegrations()
  return (
    <div className="space-y-5">
      <Card
        label="Answer"
        more={
          <Badge
            state={
              fits
                ? { name: 'Fits', tone: 'good', shape: 'plugged', says }
                : { name: 'Does not fit', tone: 'bad', shape: 'crossed', says }
            }
          />
        }
      >
        <p className="text-lg">{says}</p>
        <div className="mt-3">
          <Facts
            facts={[
              ['Asked for', `${numberText(profiles, 'count')} artists`],
              ['Most that fit', mostProfiles === null ? 'any number' : `${numberText(mostProfiles, 'count')} artists`],
              [
                'Shortest interval for them',
                shortestEveryMs === null ? 'none: no interval helps' : intervalText(shortestEveryMs),
              ],
              ['Full first', binding ?? 'none'],
              [
                'App',
                integration === null
                  ? 'none is set up: with the settings that the form suggests'
                  : (integrations.data?.data.find(({ id }) => id === integration)?.name ?? integration),
              ],
            ]}
          />
        </div>
      </Card>
      <Card flush label="Limits">
        <DataTable
          caption="What each limit would hold"
          rows={data}
          rowKey={({ quota }) => quota}
          pinned
          columns={[
            {
              name: 'Limit',
              className: 'min-w-44',
              cell: ({ quota, per, unit, limit, source }) => (
                <>
                  <span className="block font-medium">{quota}</span>
                  <span className="block text-sm text-soft">
                    {amountText(limit, unit)} {perText(per)}
                  </span>
                  <details className="text-sm">
                    <summary className="text-soft">Where it is from</summary>
                    <Source source={source} />
                  </details>
                </>
              ),
            },
            {
              name: 'Fits',
              cell: (row) => (
                <span
                  className={`inline-flex items-center gap-1.5 whitespace-nowrap ${row.fits ? 'text-good' : 'text-bad'}`}
                >
                  <Jack shape={row.fits ? 'plugged' : 'crossed'} /> {row.fits ? 'fits' : 'too little'}
                </span>
              ),
            },
            {
              name: 'Draws',
              right: true,
              cell: ({ draws, usable, unit }) => (
                <>
                  {numberText(Math.ceil(draws), 'count')}
                  <span className="block text-sm text-soft">of {amountText(usable, unit)}</span>
                </>
              ),
            },
            {
              name: 'Most',
              right: true,
              cell: (row) => (row.mostProfiles === null ? 'any' : numberText(row.mostProfiles, 'count')),
            },
            {
              name: 'Shortest',
              right: true,
              cell: (row) => (row.shortestEveryMs === null ? noNumber : intervalText(row.shortestEveryMs)),
            },
          ]}
        />
      </Card>
      <Card flush label="What one reading takes">
        <DataTable
          caption="What one reading of one account takes"
          rows={streams}
          rowKey={({ stream }) => stream}
          pinned
          columns={[
            { name: 'Stream', cell: ({ stream }) => <span className="font-medium">{stream}</span> },
            { name: 'Every', right: true, cell: ({ everyMs }) => lengthText(everyMs) },
            { name: 'Batch', right: true, cell: ({ batch }) => numberText(batch, 'count') },
            {
              name: 'Takes',
              cell: ({ takes }) =>
                Object.entries(takes)
                  .map(([quota, amount]) => `${numberText(amount, 'count')} of ${quota}`)
                  .join(', ') || 'nothing',
            },
            {
              name: 'Known from',
              className: 'text-sm text-soft min-w-36',
              cell: ({ basis, runs }) => basisText(basis, runs),
            },
          ]}
        />
      </Card>
    </div>
  )
}
