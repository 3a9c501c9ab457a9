import type { Operations } from '@patchbay/sdk'
import { useState } from 'react'
import { useProviderLook } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { CableMark } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { numberText } from '../../words/numbers.ts'
import { dayText } from '../../words/times.ts'
import type { Account } from './account-card.tsx'

type Audience = Awaited<ReturnType<Operations['audiences']['list']>>['data'][number]

/** Who listens and watches. Each platform's own shares stand for themselves and are never mixed. */
export function AudienceTab({ profile, accounts }: { profile: string; accounts: readonly Account[] }) {
  const query = useRead(['audiences', profile], (client, signal) => client.audiences.list({ profile }, { signal }))
  return (
    <Loaded query={query}>
      {({ data }) =>
        data.length === 0 ? (
          <EmptyState title="No platform has told who the audience is">
            Some never do, some only from a number of followers on, and some a day or two after the account was
            connected.
          </EmptyState>
        ) : (
          <div className="grid grid-cols-[minmax(0,1fr)] gap-4 md:grid-cols-2">
            {data.map((audience) => (
              <AudienceCard
                key={`${audience.connection} ${audience.population} ${audience.dimensions.join()}`}
                audience={audience}
                account={accounts.find(({ connection }) => connection === audience.connection)}
              />
            ))}
          </div>
        )
      }
    </Loaded>
  )
}

const shownAtFirst = 10

function AudienceCard({ audience, account }: { audience: Audience; account: Account | undefined }) {
  const look = useProviderLook()(account?.provider ?? '')
  const [all, setAll] = useState(false)
  const rows = audience.rows.toSorted((a, b) => b.value - a.value)
  const most = rows[0]?.value ?? 0
  return (
    <Card
      label={
        <span className="inline-flex items-center gap-2">
          <CableMark {...look} size={18} />
          {look.name} · {audience.population} by {audience.dimensions.join(' and ')}
        </span>
      }
    >
      <ul className="space-y-2">
        {(all ? rows : rows.slice(0, shownAtFirst)).map((row) => {
          const name = audience.dimensions
            .map((dimension) => groupName(dimension, row.group[dimension] ?? ''))
            .join(' · ')
          return (
            <li key={name}>
              <p className="flex justify-between gap-3 text-sm">
                <span className="min-w-0 truncate">{name}</span>
                <span className="number font-medium">
                  {numberText(row.value, audience.basis === 'share' ? 'ratio' : 'count')}
                </span>
              </p>
              <div aria-hidden="true" className="mt-0.5 h-1.5 rounded-full bg-sunken">
                <div
                  className="h-full rounded-full"
                  style={{
                    width: `${most > 0 ? (row.value / most) * 100 : 0}%`,
                    background: `var(--cable-${look.cable})`,
                  }}
                />
              </div>
            </li>
          )
        })}
      </ul>
      {rows.length > shownAtFirst && (
        <Button small look="quiet" className="mt-3" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Fewer' : `All ${rows.length}`}
        </Button>
      )}
      <p className="mt-3 text-sm text-soft">
        {audience.basis === 'share' ? 'Shares as the platform gives them' : 'People as the platform counts them'}
        {audience.period.start
          ? `, ${dayText(audience.period.start)} to ${dayText(audience.period.end)}`
          : `, on ${dayText(audience.period.end)}`}{' '}
        · read <RelativeTime at={audience.observedAt} />
      </p>
    </Card>
  )
}

const countries = new Intl.DisplayNames(undefined, { type: 'region', fallback: 'code' })

function groupName(dimension: string, value: string): string {
  if (dimension === 'country' && /^[A-Z]{2}$/.test(value)) return countries.of(value) ?? value
  return value || 'not said'
}
