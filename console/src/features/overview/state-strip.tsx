import { Link } from '@tanstack/react-router'
import { useRead } from '../../data/patchbay.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Jack, toneText } from '../../ui/jack.tsx'
import { join } from '../../ui/join-classes.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { countText, numberText } from '../../words/numbers.ts'
import { connectionState, connectionStateOrder } from '../../words/states.ts'

/** How many connections stand how: one socket a state. Each leads to its list. */
export function StateStrip() {
  const query = useRead(
    ['connections', 'summary'],
    (client, signal) => client.connections.summary({}, { signal }),
    { everyMs: 15_000 },
  )
  const states = query.data?.states ?? {}
  const all = connectionStateOrder.reduce((sum, state) => sum + (state === 'disconnected' ? 0 : (states[state] ?? 0)), 0)
  return (
    <Card label="Connections" more={query.data && <span className="text-sm text-soft">{countText(all, 'account')} plugged in</span>}>
      <Loaded query={query} skeleton={<Skeleton className="h-16 w-full" />}>
        {() => {
          const shown = connectionStateOrder.filter((state) => (states[state] ?? 0) > 0)
          if (shown.length === 0)
            return (
              <EmptyState
                title="No account is connected yet"
                action={
                  <Link to="/connect" className={buttonClass('primary')}>
                    Connect an account
                  </Link>
                }
              >
                Choose an artist, plug in an account, and its numbers arrive within seconds.
              </EmptyState>
            )
          return (
            <ul className="grid grid-cols-2 gap-2 sm:grid-cols-[repeat(auto-fit,minmax(8.5rem,1fr))]">
              {shown.map((state) => {
                const words = connectionState(state)
                return (
                  <li key={state}>
                    <Link
                      to="/connections"
                      search={{ state }}
                      className="flex h-full items-center gap-3 rounded-lg border border-line bg-raised px-3 py-2.5 text-ink no-underline hover:border-accent"
                    >
                      <span className={toneText[words.tone]}>
                        <Jack shape={words.shape} size={26} />
                      </span>
                      <span className="min-w-0">
                        <span className={join('number block text-xl leading-6 font-semibold')}>
                          {numberText(states[state]!, 'count')}
                        </span>
                        <span className="block text-sm leading-5 text-soft">{words.name}</span>
                      </span>
                    </Link>
                  </li>
                )
              })}
            </ul>
          )
        }}
      </Loaded>
    </Card>
  )
}
