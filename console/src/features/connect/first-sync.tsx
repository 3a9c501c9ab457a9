import type { Operations } from '@patchbay/sdk'
import { Link } from '@tanstack/react-router'
import { useProviderLook } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { AccountName } from '../../parts/account-name.tsx'
import { Badge } from '../../ui/badge.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { byFamily, metricName } from '../../words/metric-names.ts'
import { reasonShort } from '../../words/null-reasons.ts'
import { countText, noNumber, numberText } from '../../words/numbers.ts'
import { connectionState, streamState } from '../../words/states.ts'

type Stream = Awaited<ReturnType<Operations['connections']['streams']>>['data'][number]

/** The first numbers as they come in. One may leave: the reading goes on. */
export function FirstSync({ connections, profile }: { connections: readonly string[]; profile: string | undefined }) {
  return (
    <div className="space-y-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="text-lg font-semibold">
          {connections.length > 1 ? `${connections.length} accounts are plugged in.` : 'Plugged in.'}
        </p>
        <div className="flex flex-wrap gap-2">
          <Link to="/connect" search={profile ? { profile } : {}} className={buttonClass()}>
            Connect another one
          </Link>
          {profile && (
            <Link to="/artists/$profile" params={{ profile }} className={buttonClass('primary')}>
              To the artist
            </Link>
          )}
        </div>
      </div>
      <p className="text-soft">
        The first numbers come within seconds, history follows. This page may be closed: reading goes on without it.
      </p>
      {connections.slice(0, 20).map((id) => (
        <FirstNumbers key={id} id={id} />
      ))}
    </div>
  )
}

function FirstNumbers({ id }: { id: string }) {
  const connection = useRead(
    ['connections', 'read', id],
    (client, signal) => client.connections.read({ id }, { signal }),
    { everyMs: 3_000 },
  )
  const streams = useRead(
    ['connections', 'streams', id],
    (client, signal) => client.connections.streams({ id }, { signal }),
    { everyMs: 1_500, staleMs: 0 },
  )
  const look = useProviderLook()
  const profile = connection.data?.profile
  const reads = streams.data?.data ?? []
  const readCount = reads.filter(wasRead).length
  const summary = useRead(
    ['profiles', 'summary', profile],
    (client, signal) => client.profiles.summary({ id: profile! }, { signal }),
    {
      enabled: profile !== undefined,
      everyMs: readCount < reads.length || reads.length === 0 ? 2_000 : 15_000,
      staleMs: 0,
    },
  )
  const metrics = (summary.data?.accounts.find((account) => account.connection === id)?.metrics ?? []).toSorted(
    (a, b) => byFamily(a.metric, b.metric),
  )
  return (
    <Card>
      <Loaded query={connection} skeleton={<Skeleton className="h-10 w-64" />}>
        {({ account, provider, state, says }) => (
          <>
            <div className="flex flex-wrap items-center justify-between gap-3">
              <AccountName account={account} provider={provider} size={40} />
              <Badge state={connectionState(state)} says={says} />
            </div>
            <div className="mt-4 grid grid-cols-2 gap-4 sm:grid-cols-3 lg:grid-cols-5">
              {metrics.length === 0
                ? [1, 2, 3].map((place) => (
                    <div key={place}>
                      <Skeleton className="h-3 w-20" />
                      <Skeleton className="mt-2 h-7 w-28" />
                    </div>
                  ))
                : metrics.slice(0, 5).map((metric) => (
                    <div key={metric.metric} className="[animation:arrive_240ms_ease-out]">
                      <p className="text-sm text-soft">{metricName(metric.metric)}</p>
                      <p className="number text-2xl font-semibold">
                        {metric.value === null ? (
                          <span className="text-base font-normal text-soft">
                            {noNumber} {reasonShort(metric.reason)}
                          </span>
                        ) : (
                          numberText(metric.value, metric.unit)
                        )}
                      </p>
                    </div>
                  ))}
            </div>
            <Loaded query={streams} skeleton={<Skeleton className="mt-4 h-4 w-full" />}>
              {({ data }) => (
                <>
                  <output aria-live="polite" className="mt-5 block text-sm text-soft">
                    {data.length === 0
                      ? `Nothing is read from ${look(provider).name}: this connection offers actions only.`
                      : `${readCount} of ${countText(data.length, 'stream')} read`}
                  </output>
                  <ul className="mt-2 space-y-2">
                    {data.map((stream) => (
                      <li key={stream.id} className="flex flex-wrap items-center gap-x-3 gap-y-1">
                        <Badge state={streamState(stream.state)} />
                        <span className="font-medium">{stream.id}</span>
                        <span className="text-sm text-soft">{stream.says ?? stream.summary}</span>
                      </li>
                    ))}
                  </ul>
                </>
              )}
            </Loaded>
            <Link
              to="/connections/$connection"
              params={{ connection: id }}
              className="mt-4 inline-block text-sm underline decoration-edge underline-offset-4"
            >
              To the connection
            </Link>
          </>
        )}
      </Loaded>
    </Card>
  )
}

function wasRead({ lastEndedAt, state }: Stream): boolean {
  return lastEndedAt !== null && state !== 'running'
}
