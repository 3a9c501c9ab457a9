import { Link } from '@tanstack/react-router'
import { useRead } from '../../data/patchbay.tsx'
import { ConnectLink } from '../../parts/connect-link.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Jack, toneText } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { countText, numberText } from '../../words/numbers.ts'
import { connectionState, connectionStateOrder } from '../../words/states.ts'

/** How many connections stand how: one socket a state. Each leads to its list. */
export function StateStrip() {
  const query = useRead(['connections', 'summary'], (client, signal) => client.connections.summary({}, { signal }), {
    everyMs: 15_000,
  })
  const states = query.data?.states ?? {}
  const all = connectionStateOrder.reduce(
    (sum, state) => sum + (state === 'disconnected' ? 0 : (states[state] ?? 0)),
    0,
  )
  return (
    <Card
      label="Connections"
      more={query.data && <span className="text-sm text-soft">{countText(all, 'account')} plugged in</span>}
    >
      <Loaded query={query} skeleton={<Skeleton className="h-16 w-full" />}>
        {() => {
          const shown = connectionStateOrder.filter((state) => (states[state] ?? 0) > 0)
          if (shown.length === 0)
            return (
              <EmptyState title="No account is connected yet" action={<ConnectLink />}>
                Choose an artist, plug in an account, and its numbers arrive within seconds.
              </EmptyState>
            )
          return (
            <div className="on-rack overflow-hidden rounded-lg border border-rack-line bg-rack">
              <ul className="flex flex-wrap [color-scheme:dark]">
                {shown.map((state) => {
                  const words = connectionState(state)
                  return (
                    <li key={state} className="min-w-[5.75rem] flex-1 shadow-[1px_1px_0_var(--rack-line)]">
                      <Link
                        to="/connections"
                        search={{ state }}
                        className="flex h-full flex-col items-center gap-1.5 px-2 py-4 text-center text-rack-ink no-underline hover:bg-rack-line/60"
                      >
                        <span className={toneText[words.tone]}>
                          <Jack shape={words.shape} size={30} />
                        </span>
                        <span className="number text-xl leading-6 font-semibold">
                          {numberText(states[state]!, 'count')}
                        </span>
                        <span className="text-[0.8125rem] leading-4 text-rack-soft">{words.name}</span>
                      </Link>
                    </li>
                  )
                })}
              </ul>
            </div>
          )
        }}
      </Loaded>
    </Card>
  )
}
