import type { Operations } from '@patchbay/sdk'
import { Link } from '@tanstack/react-router'
import { RotateCw } from 'lucide-react'
import { useState } from 'react'
import { useDefinitions, useProviderLook } from '../../data/manifest.ts'
import { useAct } from '../../data/patchbay.tsx'
import { Freshness } from '../../parts/freshness.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { CableMark } from '../../ui/jack.tsx'
import { OutsideLink } from '../../ui/outside-link.tsx'
import { useTell } from '../../ui/toast.tsx'
import { byFamily, metricName } from '../../words/metric-names.ts'
import { reasonSays, reasonShort } from '../../words/null-reasons.ts'
import { changeText, isGoodNews, noNumber, numberText } from '../../words/numbers.ts'
import { problemOf } from '../../words/problems.ts'
import { connectionState } from '../../words/states.ts'
import { dayText } from '../../words/times.ts'

export type Account = Awaited<ReturnType<Operations['profiles']['summary']>>['accounts'][number]
type Metric = Account['metrics'][number]
export type Explain = (connection: string, metric: string, day: string, item?: string) => void

const shownAtFirst = 6

/** One account: its headline numbers, how fresh they are, and in words why one is missing. */
export function AccountCard({ account, explain }: { account: Account; explain: Explain }) {
  const look = useProviderLook()(account.provider)
  const tell = useTell()
  const [all, setAll] = useState(false)
  const refresh = useAct(
    (client, id: string) => client.connections.refresh({ id }),
    [['profiles', 'summary'], ['metrics']],
  )
  const metrics = account.metrics.toSorted((a, b) => byFamily(a.metric, b.metric))
  const shown = all ? metrics : metrics.slice(0, shownAtFirst)
  const missing = Object.entries(account.notOffered)
  return (
    <article
      aria-label={`${look.name}: ${account.account.name}`}
      className="flex min-w-0 flex-col rounded-xl border border-line border-t-4 bg-panel"
      style={{ borderTopColor: `var(--cable-${look.cable})` }}
    >
      <header className="flex items-start gap-3 border-b border-line px-4 py-3">
        <CableMark {...look} size={36} />
        <div className="min-w-0 flex-1">
          <p className="strip">{look.name}</p>
          <h2 className="line-clamp-2 leading-snug font-semibold">
            <OutsideLink href={account.account.url}>{account.account.name}</OutsideLink>
          </h2>
          {account.account.handle && <p className="text-sm text-soft">{account.account.handle}</p>}
        </div>
        {account.state !== 'healthy' && (
          <Link to="/connections/$connection" params={{ connection: account.connection }}>
            <Badge state={connectionState(account.state)} />
          </Link>
        )}
      </header>
      {metrics.length === 0 ? (
        <p className="px-4 py-6 text-soft">
          {account.state === 'pending'
            ? 'The first numbers are on their way.'
            : 'Nothing has been read from this account yet.'}
        </p>
      ) : (
        <dl className="grid grid-cols-1 gap-px bg-line min-[26rem]:grid-cols-2">
          {shown.map((metric) => (
            <Headline
              key={metric.metric}
              metric={metric}
              newest={account.freshness.dataAsOf}
              explain={() => explain(account.connection, metric.metric, metric.day)}
            />
          ))}
          {shown.length % 2 === 1 && <div className="hidden bg-panel min-[26rem]:block" />}
        </dl>
      )}
      {metrics.length > shownAtFirst && (
        <Button look="quiet" small className="mx-4 mt-2 self-start" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Fewer numbers' : `All ${metrics.length} numbers`}
        </Button>
      )}
      {missing.length > 0 && (
        <details className="px-4 pt-3 text-sm">
          <summary className="text-soft hover:text-ink">
            What {look.name} does not give ({missing.length})
          </summary>
          <dl className="mt-2 space-y-1.5">
            {missing.map(([metric, says]) => (
              <div key={metric}>
                <dt className="font-medium">{metricName(metric)}</dt>
                <dd className="text-soft">{reasonSays(says)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {refresh.error && (
        <div className="px-4 pt-3">
          <ErrorCard problem={problemOf(refresh.error)} />
        </div>
      )}
      <footer className="mt-auto flex flex-wrap items-center justify-between gap-2 px-4 py-3">
        <Freshness freshness={account.freshness} long />
        <span className="flex gap-1">
          <Button
            look="quiet"
            small
            busy={refresh.isPending}
            icon={<RotateCw size={15} aria-hidden />}
            onClick={() =>
              refresh.mutate(account.connection, {
                onSuccess: ({ done }) =>
                  tell(done ? 'Read just now.' : 'Still being read. The numbers appear when they are there.'),
              })
            }
          >
            Read now
          </Button>
          <Link
            to="/connections/$connection"
            params={{ connection: account.connection }}
            className="inline-flex min-h-8 items-center px-2 text-sm underline decoration-edge underline-offset-4"
          >
            Connection
          </Link>
        </span>
      </footer>
    </article>
  )
}

/** A number of an earlier day than the newest of its account says which: platforms are late with some and not with others. */
function Headline(props: { metric: Metric; newest: string | null; explain: () => void }) {
  const { metric, newest, explain } = props
  const definitions = useDefinitions()
  const definition = definitions.data?.data.find((each) => each.metric === metric.metric)
  const name = metricName(metric.metric)
  const text = metric.value === null ? '' : numberText(metric.value, metric.unit)
  return (
    <div className="bg-panel px-4 py-3">
      <dt className="text-sm text-soft" title={definition?.summary}>
        {name}
        {metric.value !== null && metric.day !== newest && (
          <>
            {' · '}
            <span className="whitespace-nowrap">{dayText(metric.day)}</span>
          </>
        )}
      </dt>
      <dd>
        <button
          type="button"
          onClick={explain}
          aria-label={`${name}: ${metric.value === null ? reasonSays(metric.reason) : text}. Where it comes from`}
          className="-mx-1 rounded px-1 text-left decoration-edge decoration-dotted underline-offset-4 hover:underline"
        >
          {metric.value === null ? (
            <span className="text-xl leading-8 text-soft">{noNumber}</span>
          ) : (
            <span
              className={`number leading-8 font-semibold whitespace-nowrap ${text.length > 10 ? 'text-xl' : 'text-2xl'}`}
            >
              {text}
            </span>
          )}
        </button>
        <Change metric={metric} direction={definition?.direction ?? 'neutral'} kind={definition?.kind ?? 'gauge'} />
      </dd>
    </div>
  )
}

/** Against 28 days before. Where that cannot be said honestly, why not. */
function Change({ metric, direction, kind }: { metric: Metric; direction: string; kind: string }) {
  const { value, reason, since } = metric.change
  if (value === null)
    return metric.value === null ? (
      <span className="block text-sm text-soft">{reasonSays(metric.reason)}</span>
    ) : (
      <span className="block text-sm text-soft" title={reasonSays(reason)}>
        no 28-day change: {reasonShort(reason)}
      </span>
    )
  const good = isGoodNews(value, direction)
  return (
    <span className="block text-sm" title={since ? `Since ${dayText(since)}` : undefined}>
      <span className={`number font-medium ${good === null ? 'text-soft' : good ? 'text-good' : 'text-bad'}`}>
        <span aria-hidden="true">{value > 0 ? '▲ ' : value < 0 ? '▼ ' : ''}</span>
        {changeText(value, metric.unit)}
      </span>{' '}
      <span className="text-soft">
        {kind === 'delta' || kind === 'rolling' ? 'against 28 days before' : 'in 28 days'}
      </span>
    </span>
  )
}
